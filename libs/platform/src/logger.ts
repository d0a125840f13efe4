import pino from 'pino';

/** Structured lines; identifiers are logged, contents of messages, phone numbers and secrets are not (style.md 17). */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Errors show name, message and stack; the level comes from `ATELIER_LOG_LEVEL`. */
export const createLog = (name: string, level = 'info'): Log => pino({ name, level, base: { name } });

/** For tests and tools that print themselves. */
export const silentLog: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

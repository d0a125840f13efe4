import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres';
import type { Log } from './logger';

const LOOK_EACH_MS = 250; // a killed server is back within a second, before clients give up

/** The database of the process: its URL, and how to stop it where it is ours. */
export type DatabasePart = {
  readonly url: string;
  stop(): Promise<void>;
  /** After a start that failed: a server that somebody else may be using keeps running. */
  abandon(): Promise<void>;
};

/** Starts the embedded server and watches over it, or takes the given one. */
export const startDatabase = async (url: string | undefined, dataDir: string, log: Log, options: Pick<EmbeddedPostgresOptions, 'maxConnections'> = {}): Promise<DatabasePart> => {
  if (url) return { url, stop: () => Promise.resolve(), abandon: () => Promise.resolve() };
  const server = await startEmbeddedPostgres({ ...options, dataDir });
  const release = supervise(server, log);
  return {
    url: server.url,
    stop: async () => {
      await release();
      await server.stop();
    },
    abandon: async () => {
      await release();
      if (!server.adopted) await server.stop();
    },
  };
};

const supervise = (server: EmbeddedPostgres, log: Log): (() => Promise<void>) => {
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(async () => {
      if (await server.ensureRunning()) log.warn({}, 'PostgreSQL had died and was started again');
    }).catch((error: unknown) => log.error({ error: String(error) }, 'PostgreSQL could not be started again; trying on'));
  }, LOOK_EACH_MS);
  return async () => {
    clearInterval(timer);
    await looking;
  };
};

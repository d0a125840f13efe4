import { randomFillSync } from 'node:crypto';
import type { ExecutionSid, Sid, SidPrefix } from '@atelier/contracts';
import { sidOf } from '@atelier/contracts';

/** Where time comes from; tests hand in their own. */
export interface Clock {
  /** Milliseconds since 1970, for what is stored and shown. */
  nowMs(): number;
  /** Milliseconds that never jump, for durations and leases. */
  monotonicMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

const pool = Buffer.alloc(8_192); // asking the system costs far more than the bytes do
let used = pool.length;

/** Random hexadecimal digits, two for each byte. */
const randomHex = (bytes: number): string => {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
};

/** A new identifier from 128 random bits. */
export const newSid = <P extends SidPrefix>(prefix: P): Sid<P> => sidOf(prefix, randomHex(16));

/** A new execution: 48 bits of milliseconds, then 80 random ones, so that executions sort by their start (architecture.md 2). */
export const newExecutionSid = (nowMs: number): ExecutionSid => sidOf('FN', nowMs.toString(16).padStart(12, '0') + randomHex(10));

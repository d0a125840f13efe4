import { randomBytes } from 'node:crypto';
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

/** A new identifier from 128 random bits. */
export const newSid = <P extends SidPrefix>(prefix: P): Sid<P> => sidOf(prefix, randomBytes(16).toString('hex'));

/** A new execution: 48 bits of milliseconds, then 80 random ones, so that executions sort by their start (architecture.md 2). */
export const newExecutionSid = (nowMs: number): ExecutionSid => sidOf('FN', nowMs.toString(16).padStart(12, '0') + randomBytes(10).toString('hex'));

import type { ExecutionSid, PublicEvent } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { executionEvents } from '../publish/execution-events';
import { Growth } from '../publish/growth';
import { SHARDS } from '../store/migrations';
import type { SampleExecutions } from './sample-executions';

/** Everything that the context tells others, by shard. Throws where a position is missing or stands twice (A4). */
export const denseEvents = async (db: Database): Promise<readonly PublicEvent[]> => {
  const source = executionEvents(db, new Growth());
  const all: PublicEvent[] = [];
  for (let shard = 0; shard < SHARDS; shard++) {
    const events = await source.read(shard, 0, 100_000);
    const broken = events.findIndex(({ pos }, i) => pos !== i + 1);
    if (broken >= 0) throw new Error(`expected position ${broken + 1} in shard ${shard}, found ${events[broken]?.pos}`);
    if ((await source.end(shard)) !== events.length) throw new Error(`expected shard ${shard} to end at ${events.length}, found ${await source.end(shard)}`);
    all.push(...events);
  }
  return all;
};

/** A carrier that tells the truth at once: what was sent is found, what was not may be sent. */
export const conclusive = ({ performer }: SampleExecutions): void => {
  performer.verdict = async ({ execution, step }) =>
    performer.performed.some((effect) => effect.execution === execution && effect.step === step) ? { ok: true, payload: { Sid: 'SM', Status: 'queued' } } : 'again';
};

/** How many of these have ended. */
export const endedOf = async (db: Database, sids: readonly ExecutionSid[]): Promise<number> =>
  (await db.query('select sid from execution where status = 1 and sid = any($1::uuid[])', [sids.map((sid) => sid.slice(2))])).length;

/**
 * What a worker publishes of the context.
 *
 * P1. The owner of a shard publishes it, after the commit, from the position in `published_position` on: that position moves only past what the broker
 *     has acknowledged, so the next owner publishes again what nobody knows of, and skips nothing (A4). `atelier.triggers.results` goes with shard 0.
 * P2. Two may publish the same events for a moment, when a lease changes hands. Consumers drop what they have seen (A3).
 * P3. `lease.published` is something else: how far the Studio API Keys of started executions were asked for. Neither waits for the other.
 */
import { type Publication, storedPositions } from '@atelier/bus';
import type { Database } from '@atelier/platform';
import type { ExecutionWorker } from '../worker/worker';
import { executionEvents } from './execution-events';
import type { Growth } from './growth';
import { TriggerResults } from './trigger-results';

export type OwnedTopics = { readonly publications: readonly Publication[]; close(): Promise<void> };

/** Over the worker's database; `growth` is the one that the worker tells. */
export const ownedTopics = async (db: Database, worker: Pick<ExecutionWorker, 'owns'>, growth: Growth): Promise<OwnedTopics> => {
  const results = new TriggerResults(db);
  const close = await results.listen(); // doors append them
  const [positions, owns] = [storedPositions(db), (shard: number): boolean => worker.owns(shard)];
  return { publications: [executionEvents(db, growth), results.source].map((source) => ({ source, positions, owns })), close };
};

/** Nobody publishes from now on, so nothing has to wait for that any more; whoever publishes again begins at the first position. */
export const withdrawOwned = async (db: Database): Promise<void> => void (await db.query('delete from published_position'));

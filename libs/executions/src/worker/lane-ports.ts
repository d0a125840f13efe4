import type { Clock, Database, Log } from '@atelier/platform';
import type { BatchRows } from './batch-rows';
import type { EffectDesk } from './effect-desk';
import type { WorkerMetrics } from './metrics';
import type { Programs } from './programs';
import type { Rules } from './rules';

export type LaneSettings = {
  /** Inputs decided and committed together. */
  readonly batchInputsMax: number;
  /** Executions kept in memory per lane. */
  readonly cachedExecutionsMax: number;
};

/** What a lane stands on. */
export type LanePorts = {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: Rules;
  readonly programs: Programs;
  readonly desk: Pick<EffectDesk, 'takeSlot' | 'forget' | 'committed' | 'found' | 'reported'>;
  readonly metrics: WorkerMetrics;
  readonly settings: LaneSettings;
  /** After a commit: started executions, grown shards. */
  readonly committed: (out: BatchRows) => void;
  /** Somebody else wrote in these shards: look at the leases. */
  readonly conflicted: () => void;
};

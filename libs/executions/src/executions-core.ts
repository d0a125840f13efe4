import type { TopicSource } from '@atelier/bus';
import { type Clock, type Database, openDatabase } from '@atelier/platform';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { executionsHttpConfig } from './http/executions-http';
import { doorMetrics } from './operations/door-metrics';
import { ParkedInputs } from './operations/parked-inputs';
import { createIngress } from './ingress/ingress';
import type { Ingress } from './ingress/ingress.port';
import { FlowDeletions } from './flows/flow-deletions.consumer';
import { executionEvents } from './publish/execution-events';
import { Growth } from './publish/growth';
import { TriggerResults } from './publish/trigger-results';
import { createExecutionReader } from './store/execution-reader';
import type { ExecutionReader } from './store/execution-reader.port';
import { EXECUTIONS_DATABASE } from './store/migrations';
import { executionRetentionConfig } from './store/retention';
import type { Folding } from './worker/rules';
import { executionRulesConfig } from './worker/rules-config';
import { type InboxSettings, executionInboxConfig, executionWorkerConfig } from './worker/worker-config';

/** Settings of everything in this library. */
export const executionsConfig = z.object({ ...executionsHttpConfig.shape, ...executionInboxConfig.shape, ...executionWorkerConfig.shape, ...executionRulesConfig.shape, ...executionRetentionConfig.shape });

/** The context's tables; doors and workers open one each, in whatever thread or process they run. */
export const openExecutionsDatabase = (url: string, poolMax = 10): Promise<Database> =>
  openDatabase({ url, ...EXECUTIONS_DATABASE, poolMax });

export type DoorsOptions = {
  readonly folding: Folding;
  readonly settings?: InboxSettings;
  /** Days after their start in which executions can be read; Twilio's where it is left out. */
  readonly retentionDays?: number;
  readonly clock?: Clock;
  /** Told by a worker of the same thread; topics are polled each second where it is left out. */
  readonly growth?: Growth;
};

/** The half of the context that writes the inbox and reads rows and logs: for the HTTP thread, or a process of doors. */
export type ExecutionDoors = {
  readonly ingress: Ingress;
  readonly reader: ExecutionReader;
  /** `atelier.executions.events` and `atelier.triggers.results`: for the bus and for the REST door of topics. */
  readonly topics: readonly TopicSource[];
  /** For consumers of `atelier.triggers`. */
  readonly results: TriggerResults;
  /** For `consumeFlows`. */
  readonly deletions: FlowDeletions;
  /** For operators. */
  readonly parked: ParkedInputs;
  readonly metrics: Registry;
  readonly db: Database;
  /** Waits for commits in flight; the caller closes the database after it. */
  close(): Promise<void>;
};

/** Composes the doors over a database of `openExecutionsDatabase`. They meet workers only in its inbox; NOTIFY wakes both sides. */
export const createExecutionDoors = (db: Database, { folding, settings, retentionDays, clock, growth = new Growth() }: DoorsOptions): ExecutionDoors => {
  const ingress = createIngress(db, { ...settings, ...(clock && { clock }) });
  const reader = createExecutionReader(db, folding, clock, retentionDays);
  const results = new TriggerResults(db, clock);
  return {
    ingress,
    reader,
    results,
    topics: [executionEvents(db, growth), results.source],
    deletions: new FlowDeletions(db, ingress, reader),
    parked: new ParkedInputs(db, clock),
    metrics: doorMetrics(db, ingress),
    db,
    close: () => ingress.close(),
  };
};

import { wholeNumber } from '@atelier/platform';
import { z } from 'zod';
import { RETENTION_DAYS, retentionDaysOf } from '../store/retention';

/** Settings of execution workers. */
export const executionWorkerConfig = z.object({
  ATELIER_WORKER_BATCH_INPUTS_MAX: wholeNumber(500, 'Inputs that a worker decides and commits together.', 1),
  ATELIER_WORKER_CACHED_EXECUTIONS_MAX: wholeNumber(20_000, 'Running executions that a worker keeps in memory.', 100),
  ATELIER_WORKER_CACHED_REVISIONS_MAX: wholeNumber(500, 'Flow revisions that a worker keeps compiled.', 1),
  ATELIER_EFFECTS_MAX: wholeNumber(256, 'Outbound calls of a worker at once.', 1),
  ATELIER_EFFECTS_PER_ACCOUNT_MAX: wholeNumber(64, 'Outbound calls of one account at once, per worker.', 1),
  ATELIER_EFFECT_TIMEOUT_MS: wholeNumber(10_000, 'One outbound call; after it and 5 s more an attempt without outcome is reconciled.', 100),
  ATELIER_EFFECT_PATIENCE_SECONDS: wholeNumber(600, 'How long a message waits for a carrier, or for its keys, that are away before its step fails; 0: not at all.'),
});

/** Settings of the doors that write the inbox. */
export const executionInboxConfig = z.object({
  ATELIER_BACKLOG_PER_ACCOUNT_MAX: wholeNumber(20_000, 'Unprocessed inputs of one account that a door accepts; beyond: 429.', 1),
  ATELIER_TRIGGERS_PER_ACCOUNT_MAX: wholeNumber(
    250,
    'Unprocessed inputs of one account above which its trigger records wait in the deferred table and are entered in turn with those of other accounts. Not over HTTP: there is nowhere to wait. 0: no limit.',
  ),
});

export type InboxSettings = { readonly backlogPerAccountMax: number; readonly triggersPerAccountMax: number };

/** Settings → options of doors. */
export const inboxSettingsOf = (config: z.infer<typeof executionInboxConfig>): InboxSettings => ({
  backlogPerAccountMax: config.ATELIER_BACKLOG_PER_ACCOUNT_MAX,
  triggersPerAccountMax: config.ATELIER_TRIGGERS_PER_ACCOUNT_MAX,
});

export type WorkerSettings = {
  readonly batchInputsMax: number;
  readonly cachedExecutionsMax: number;
  readonly cachedRevisionsMax: number;
  readonly effectsMax: number;
  readonly effectsPerAccountMax: number;
  readonly effectTimeoutMs: number;
  readonly effectPatienceMs: number;
  /** Days after their start for which executions are kept. */
  readonly retentionDays: number;
};

/** Settings → options. */
export const workerSettingsOf = (config: z.infer<typeof executionWorkerConfig> & Parameters<typeof retentionDaysOf>[0]): WorkerSettings => ({
  batchInputsMax: config.ATELIER_WORKER_BATCH_INPUTS_MAX,
  cachedExecutionsMax: config.ATELIER_WORKER_CACHED_EXECUTIONS_MAX,
  cachedRevisionsMax: config.ATELIER_WORKER_CACHED_REVISIONS_MAX,
  effectsMax: config.ATELIER_EFFECTS_MAX,
  effectsPerAccountMax: config.ATELIER_EFFECTS_PER_ACCOUNT_MAX,
  effectTimeoutMs: config.ATELIER_EFFECT_TIMEOUT_MS,
  effectPatienceMs: config.ATELIER_EFFECT_PATIENCE_SECONDS * 1_000,
  retentionDays: retentionDaysOf(config),
});

export const DEFAULT_WORKER_SETTINGS: WorkerSettings = workerSettingsOf({ ...executionWorkerConfig.parse({}), ATELIER_EXECUTION_RETENTION_DAYS: RETENTION_DAYS, ATELIER_EXECUTION_LIFETIME_DAYS: RETENTION_DAYS });

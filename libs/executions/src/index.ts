export type {
  CommandInput, CommandResult, CreateResult, ExecutionCommand, InboundMessage, Ingress, Reply, StartRequest, TriggerOutcome,
} from './ingress/ingress.port';
export type { EffectContext, EffectPerformer, RequestedEffect } from './worker/effect-performer.port';
export type { ExecutionQuery, ExecutionReader, ExecutionView, StepView } from './store/execution-reader.port';
export { ExecutionsModule } from './executions.module';
export { ExecutionsConsumersModule } from './executions-consumers.module';
export { type DoorsOptions, type ExecutionDoors, createExecutionDoors, executionsConfig, openExecutionsDatabase } from './executions-core';
export { type ExecutionsHttp, type ExecutionsHttpSettings, EXECUTIONS_HTTP, executionsHttpConfig, executionsHttpSettingsOf } from './http/executions-http';
export { type EffectsOptions, createEffects } from './effects/effects';
export type { EffectCount } from './effects/effect-counts';
export { type ExecutionWorker, type WorkerOptions, createExecutionWorker } from './worker/worker';
export { type InboxSettings, type WorkerSettings, executionInboxConfig, executionWorkerConfig, inboxSettingsOf, workerSettingsOf } from './worker/worker-config';
export { executionRules, executionRulesConfig } from './worker/rules-config';
export { type RebuiltShard, rebuildExecutions } from './worker/rebuild';
export { WorkerMetrics } from './worker/metrics';
export type { Folding, Program, Rules, RunState } from './worker/rules';
export { Growth } from './publish/growth';
export { type OwnedTopics, ownedTopics, withdrawOwned } from './publish/owned-topics';
export { EXECUTIONS_LOG } from './publish/public-events';
export { FlowDeletions, FlowsConsumer, consumeFlows, flowsServer } from './flows/flow-deletions.consumer';
export { LateDeletions, LateDeletionsConsumer, consumeLateDeletions, lateDeletionsServer } from './flows/late-deletions.consumer';
export { Triggers, TriggersConsumer, consumeTriggers, triggersServer } from './triggers/triggers.consumer';
export { executionRetentionConfig, retentionDaysOf } from './store/retention';
export { type TakenRecord, type TriggerDoors, takeTriggerRecords } from './triggers/trigger-records';
export { EXECUTIONS_MIGRATIONS, EXECUTIONS_PARAMETERS } from './store/migrations';

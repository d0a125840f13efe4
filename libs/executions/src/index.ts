export type {
  CommandInput, CommandResult, CreateResult, ExecutionCommand, InboundMessage, Ingress, Reply, StartRequest, TriggerOutcome,
} from './ingress/ingress.port';
export type { EffectContext, EffectPerformer, RequestedEffect } from './worker/effect-performer.port';
export type { ExecutionQuery, ExecutionReader, ExecutionView, StepView } from './store/execution-reader.port';
export { ExecutionsModule } from './executions.module';
export { type ExecutionsHttp, type ExecutionsHttpSettings, EXECUTIONS_HTTP, executionsHttpConfig, executionsHttpSettingsOf } from './http/executions-http';
export { type EffectsOptions, createEffects } from './effects/effects';
export type { EffectCount } from './effects/effect-counts';
export { type TakenRecord, type TriggerDoors, takeTriggerRecords } from './triggers/trigger-records';

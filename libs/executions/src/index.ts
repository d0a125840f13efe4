export type {
  CommandInput, CommandResult, CreateResult, ExecutionCommand, InboundMessage, Ingress, Reply, StartRequest, TriggerOutcome,
} from './ingress/ingress.port';
export type { EffectContext, EffectPerformer, RequestedEffect } from './worker/effect-performer.port';
export type { ExecutionQuery, ExecutionReader, ExecutionView, StepView } from './store/execution-reader.port';

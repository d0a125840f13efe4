export {
  type EndedReason, type ExecutionEvent, type ExecutionInput, type Sprint, type Trigger, type TriggerEvent, ENDED_REASONS,
} from './execution';

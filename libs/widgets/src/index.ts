export { WIDGETS, type WidgetType, widgetOf } from './registry';
export { defineWidget } from './define-widget';
export { WORDS, hasLiquid } from './properties';
export { renderedProperties, templatedOf } from './rendered-properties';
export {
  type Arrival, type Condition, type Effect, type EffectKind, type EffectOutcome, type FunctionRequest, type HttpRequest, type MessageRequest,
  type Outcome, type StateTransition, type Warning, type Widget, type WidgetBehaviour, type WidgetLimits, type WidgetRun,
} from './widget';

import type { JsonObject } from '@atelier/contracts';
import type { StateTransition } from '@atelier/widgets';

/** A named way out of a state; absent, empty or null `next` ends the execution. Of an event that occurs twice the first counts, except `match`. */
export type Transition = StateTransition;

/** A widget's place in a definition. */
export type FlowState = {
  readonly name: string;
  readonly type: string;
  readonly transitions: readonly Transition[];
  readonly properties: JsonObject;
};

/** A flow as stored. Unknown keys are there too, but nobody reads them. */
export type FlowDefinition = {
  readonly description?: string;
  readonly states: readonly FlowState[];
  readonly initial_state: string;
  readonly flags?: { readonly allow_concurrent_calls: boolean };
};

/** The definition that a stored text holds. Trusts it: only texts without validation errors may run. */
export const definitionOf = (text: string): FlowDefinition => JSON.parse(text) as FlowDefinition; // validated before it was stored

/** How much a flow may hold (`spec/studio.md` 2.5, 6). Every one is a setting; the defaults are Studio's. */
export type DefinitionLimits = {
  /** States of a flow, those of its subflows included. */
  readonly widgetsMax: number;
  /** Items of all lists within one state: transitions, conditions, parameters. Real states stay below 200. */
  readonly stateItemsMax: number;
  readonly subflowWidgetsMax: number;
  readonly distinctSubflowsMax: number;
  /** Problems that one validation reports; a last one counts the rest. */
  readonly problemsMax: number;
};

export const DEFINITION_LIMITS: DefinitionLimits = {
  widgetsMax: 2_000,
  stateItemsMax: 10_000,
  subflowWidgetsMax: 150,
  distinctSubflowsMax: 50,
  problemsMax: 1_000,
};

/** Limits that differ from the defaults, and what a caller knows about other flows. */
export type ValidateOptions = Partial<DefinitionLimits> & {
  /** How many widgets that revision of that flow has; undefined where it is not known. Saving does not need a subflow to exist. */
  readonly widgetsOf?: (flowSid: string, revision: string) => number | undefined;
};

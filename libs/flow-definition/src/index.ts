export { definitionOf, type FlowDefinition, type FlowState, type Transition } from './definition';
export { type ParsedDefinition, type ParseOptions, parseDefinition } from './parse-definition';
export { type Validation, validateDefinition } from './validate-definition';
export { DEFINITION_LIMITS, type DefinitionLimits, type ValidateOptions } from './limits';
export type { Problem } from './problem';
export { type ImportedDefinition, importDefinition, type ImportOptions } from './import-definition';
export { isReachable } from './graph';
export { CONDITION_TYPES } from './definition-schema';
export { definitionJsonSchema, type JsonSchema, widgetSchemas } from './json-schemas';

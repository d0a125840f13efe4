import type { JsonObject } from '@atelier/contracts';
import { type FlowDefinition, type FlowState, definitionOf } from '@atelier/flow-definition';

/** A definition with what its owner has to fill in after an import, and how often that was. */
export type FilledIn = { readonly definition: string; readonly urls: number; readonly references: number };

const FUNCTION_URL = 'https://functions.example.com/filled-in';
const PLACEHOLDER = /^(%s|YOUR_[A-Z_]*(ENDPOINT|URL))$/;
const ANSWERING = new Set(['send-and-wait-for-reply', 'make-http-request', 'run-function', 'run-subflow']);

/**
 * For specs: public templates leave URLs to be filled in, and some of their splits read widgets that were renamed. URLs are filled in, and such a split
 * reads the widget that leads to it.
 */
export const filledIn = (definition: string): FilledIn => {
  const flow = definitionOf(definition);
  let urls = 0;
  let references = 0;
  const url = (value: string): string => (PLACEHOLDER.test(value) ? (urls++, FUNCTION_URL) : value);
  const states = flow.states.map((state) => {
    const needsUrl = state.type === 'run-function' && !state.properties['url'];
    if (needsUrl) urls++;
    const properties: JsonObject = { ...state.properties, ...(needsUrl && { url: FUNCTION_URL }) };
    const [from, to] = deadReferenceOf(flow, state) ?? [];
    if (from === undefined || to === undefined) return JSON.parse(JSON.stringify({ ...state, properties }), (_, value: unknown) => (typeof value === 'string' ? url(value) : value)) as FlowState;
    references++;
    return JSON.parse(JSON.stringify(state).replaceAll(`widgets.${from}.`, `widgets.${to}.`)) as FlowState;
  });
  return { definition: JSON.stringify({ ...flow, states }), urls, references };
};

/** The name that a split reads although no widget has it, and the widget that leads to the split. */
const deadReferenceOf = ({ states }: FlowDefinition, { name, type, properties }: FlowState): readonly [string, string] | undefined => {
  const read = /\bwidgets\.([\w-]+)\./.exec(String(properties['input']))?.[1];
  if (type !== 'split-based-on' || read === undefined || states.some((state) => state.name === read)) return undefined;
  const leading = states.find((state) => ANSWERING.has(state.type) && state.transitions.some(({ next }) => next === name));
  return leading && [read, leading.name];
};

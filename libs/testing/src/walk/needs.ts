import type { Json, JsonObject } from '@atelier/contracts';
import type { Condition } from '@atelier/widgets';
import type { FlowGraph, Position } from './flow-graph';
import { type Path, literalsIn, pathsIn, readsClock } from './template-paths';
import { subjectsFor, variantsOf } from './wanted-values';

/** What a state ahead asks of values: the paths that its templates read, directly or through variables set on the way, and values to try there. */
export type Need = {
  /** Place on the way of the transition that asks. */
  readonly at: number;
  readonly paths: readonly Path[];
  readonly values: readonly Json[];
  readonly readsClock: boolean;
};

const NEUTRAL = ['Hello', '1', '0', '', [], true, false] as const;

/** What the transitions of a way ask of what comes in before it. `render`: the text of a template as far as it is known now. */
export const needsOf = (graph: FlowGraph, way: readonly Position[], render: (source: string) => string): readonly Need[] =>
  way.flatMap((position, at) => {
    if (at === 0) return [];
    const { templates, subjects } = askedBy(graph, position, render);
    if (templates.length === 0) return [];
    const sources = templates.flatMap((template) => [...sourcesOf(graph, way.slice(1, at), template)]);
    const literals = sources.flatMap((source) => [...literalsIn(source)]).flatMap(around);
    const texts = [...new Set([...subjects, ...subjects.flatMap((subject) => [...variantsOf(subject)]), ...literals])];
    return [{ at, paths: distinct(sources.flatMap((source) => [...pathsIn(source)])), values: [...texts, ...NEUTRAL], readsClock: sources.some(readsClock) }];
  });

// A template compares with its numbers too.
const around = (literal: string): readonly string[] => {
  const number = Number(literal);
  return Number.isFinite(number) ? [literal, String(number + 1), String(number - 1)] : [literal];
};

type Asked = { readonly templates: readonly string[]; readonly subjects: readonly string[] };

const askedBy = (graph: FlowGraph, position: Position, render: (source: string) => string): Asked => {
  const { type, properties } = graph.state(position.state);
  const { event } = graph.transition(position);
  if (type === 'split-based-on') return askedBySplit(graph, position, render);
  if (type === 'send-message' || type === 'send-and-wait-for-reply') return { templates: textsOf(properties, ['body', 'media_url']), subjects: event === 'failed' ? [''] : [] };
  if (type === 'make-http-request' || type === 'add-twiml-redirect')
    return { templates: textsOf(properties, ['url']), subjects: event.startsWith('fail') ? ['nowhere'] : ['https://example.com/found'] };
  return { templates: [], subjects: [] };
};

const textsOf = (properties: JsonObject, names: readonly string[]): readonly string[] =>
  names.flatMap((name) => (typeof properties[name] === 'string' && pathsIn(properties[name]).length > 0 ? [properties[name]] : []));

const askedBySplit = (graph: FlowGraph, position: Position, render: (source: string) => string): Asked => {
  const { transitions, properties } = graph.state(position.state);
  const wanted = graph.transition(position).event === 'match' ? position.index : transitions.length;
  const upTo = transitions.slice(0, wanted + 1).map(({ conditions = [], event }) => (event === 'match' ? conditions : []));
  const subjects = (conditions: readonly Condition[], holds: boolean) => conditions.flatMap(({ type, value = '' }) => [...subjectsFor(type, render(value), holds)]);
  const templatesOf = ({ arguments: [argument] = [], value = '' }: Condition) => [argument || String(properties['input'] ?? ''), value];
  return {
    templates: [...new Set(upTo.flat().flatMap(templatesOf))],
    subjects: [...subjects(upTo[wanted] ?? [], true), ...subjects(upTo.slice(0, wanted).flat(), false)],
  };
};

/** A template, and the templates of the variables that it reads where they are set on the way to it; the last one set counts. */
const sourcesOf = (graph: FlowGraph, before: readonly Position[], template: string): readonly string[] => {
  const found = [template];
  for (const path of pathsIn(template)) {
    const key = path[2] ?? '';
    const at = before.map(({ state }) => isSetBy(graph, state, path)).lastIndexOf(true);
    const position = before[at];
    if (position) for (const value of valuesOf(graph, position.state, key)) found.push(...sourcesOf(graph, before.slice(0, at), value));
  }
  return found;
};

const isSetBy = (graph: FlowGraph, state: string, [root, place, key = '']: Path): boolean =>
  (root === 'flow' && place === 'variables') || (root === 'widgets' && place === state) ? valuesOf(graph, state, key).length > 0 : false;

const valuesOf = (graph: FlowGraph, state: string, key: string): readonly string[] => {
  const { type, properties } = graph.state(state);
  const entries = type === 'set-variables' ? ((properties['variables'] ?? []) as readonly { readonly key: string; readonly value: string }[]) : []; // checked at import
  return entries.flatMap((entry) => (entry.key === key ? [entry.value] : []));
};

const distinct = (paths: readonly Path[]): readonly Path[] => [...new Map(paths.map((path) => [path.join('\n'), path])).values()];

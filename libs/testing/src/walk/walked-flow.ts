import { type FlowSid, type JsonObject, sidOf } from '@atelier/contracts';
import { FlowGraph } from './flow-graph';
import { type Path, pathsIn, textsIn } from './template-paths';

/** A flow to walk, with the flows that stand around it. */
export type WalkedFlow = {
  readonly flow: FlowSid;
  readonly graph: FlowGraph;
  /** A flow of ours that runs it as its subflow: how it is started by `incomingParent`. */
  readonly parent: FlowSid;
  /** All of them by SID: the walked one, its parent, and stubs under the SIDs of foreign subflows. */
  readonly definitions: ReadonlyMap<FlowSid, string>;
};

const PARENT: FlowSid = sidOf('FW', 'e'.repeat(32));

/** Where stubs of subflows fetch what they are to set; nobody answers there, the answers are recorded. */
const STUB_URL = 'https://stub.example.com/';

export const walkedFlow = (flow: FlowSid, definition: string, stubUrl = STUB_URL): WalkedFlow => {
  const graph = new FlowGraph(definition);
  const foreign = new Map<FlowSid, string>();
  for (const { type, properties } of graph.states.values()) {
    const sid = String(properties['flow_sid']) as FlowSid; // checked when the definition was imported
    if (type === 'run-subflow' && sid !== flow && !foreign.has(sid)) foreign.set(sid, stubOf(graph, sid, stubUrl));
  }
  return { flow, graph, parent: PARENT, definitions: new Map([[flow, definition], [PARENT, parentOf(flow, graph)], ...foreign]) };
};

const state = (name: string, type: string, properties: JsonObject, next: Readonly<Record<string, string>> = {}): JsonObject => ({
  name,
  type,
  properties,
  transitions: Object.entries(next).map(([event, to]) => ({ event, ...(to && { next: to }) })),
});

const flowText = (...states: readonly JsonObject[]): string => JSON.stringify({ description: '', states, initial_state: 'Trigger', flags: { allow_concurrent_calls: true } });

const pathsOf = ({ states }: FlowGraph): readonly Path[] => textsIn([...states.values()]).flatMap(pathsIn);

/** Fetches and sets every variable that the walked flow reads of it. */
const stubOf = (graph: FlowGraph, sid: FlowSid, url: string): string => {
  const names = [...graph.states.values()].flatMap(({ name, properties }) => (properties['flow_sid'] === sid ? [name] : []));
  const keys = new Set(pathsOf(graph).flatMap(([root, widget = '', key]) => (root === 'widgets' && names.includes(widget) && key !== undefined ? [key] : [])));
  return flowText(
    state('Trigger', 'trigger', {}, { incomingParent: 'fetch' }),
    state('fetch', 'make-http-request', { url, method: 'GET', content_type: 'application/x-www-form-urlencoded;charset=utf-8' }, { success: 'keep', failed: 'keep' }),
    state('keep', 'set-variables', { variables: [...keys].map((key) => ({ key, value: `{{widgets.fetch.parsed.${key}}}` })) }, { next: '' }),
  );
};

/** Hands on, from its own REST parameters, every parameter that the walked flow reads. */
const parentOf = (flow: FlowSid, graph: FlowGraph): string => {
  const keys = new Set(pathsOf(graph).flatMap((path) => (path.slice(0, 3).join('.') === 'trigger.parent.parameters' ? (path[3] ?? []) : [])));
  const parameters = [...keys].map((key) => ({ key, value: `{{flow.data.${key}}}` }));
  return flowText(
    state('Trigger', 'trigger', {}, { incomingRequest: 'run' }),
    state('run', 'run-subflow', { flow_sid: flow, flow_revision: 'LatestPublished', parameters }, { completed: '', failed: '' }),
  );
};

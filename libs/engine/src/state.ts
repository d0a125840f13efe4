/**
 * What an execution knows of itself: the fold of its sprints. Plain JSON, so that a snapshot is the state as it stands.
 * F1. `evolve` decides nothing and never fails: it believes the log. F2. The containers of a state belong to it alone (`draftOf` copies them); the
 * values in them are shared and never changed.
 */
import type { AccountSid, ExecutionSid, FlowSid, Json, JsonObject } from '@atelier/contracts';
import { stepSidOf } from '@atelier/contracts';
import type { Effect } from '@atelier/widgets';
import type { EndedReason, ExecutionEvent, ExecutionInput, TriggerEvent } from './execution';
import { charactersOf, merged, put } from './json-values';

type Values = Record<string, Json | undefined>;

/** What templates see. */
export type FrameContext = {
  trigger: JsonObject;
  contact: JsonObject;
  flow: { sid: string; flow_sid: string; channel: JsonObject; data: Json; variables: Values; add_ons?: Json };
  widgets: Values;
};

/** A flow under way: the execution's own, and above it the subflow that it runs. */
export type Frame = {
  flow: FlowSid;
  revision: number;
  enteredBy: TriggerEvent | 'incomingParent';
  context: FrameContext;
  /** The run-subflow step that contains it. */
  parent?: { step: number; widget: string; enteredAtMs: number };
};

/** Where the execution stands between two sprints. */
export type Stop =
  | { kind: 'effect'; step: number; widget: string; enteredAtMs: number; effect: Effect; properties: Json; outputs?: JsonObject }
  | { kind: 'wait'; step: number; widget: string; enteredAtMs: number; for: string; dueAtMs?: number; timeout?: true; properties: Json; outputs?: JsonObject }
  | { kind: 'bounded'; next: string };

export type ExecutionState = {
  execution: ExecutionSid | undefined;
  account: AccountSid | undefined;
  isTestUser: boolean;
  startedAtMs: number;
  frames: Frame[];
  stop: Stop | undefined;
  /** Number of the last step that was entered. */
  entered: number;
  /** Steps that were taken. */
  taken: number;
  /** Runs of one widget in a row. */
  run: { widget: string; count: number };
  /** Revisions of subflows, by flow and the name under which it was asked for (A7). */
  pinned: Record<string, { revision: number; states: number }>;
  kept: ExecutionInput[];
  /** No less than the characters of all contexts. */
  size: number;
  ended: EndedReason | undefined;
};

export const newState = (): ExecutionState => ({
  execution: undefined,
  account: undefined,
  isTestUser: false,
  startedAtMs: 0,
  frames: [],
  stop: undefined,
  entered: 0,
  taken: 0,
  run: { widget: '', count: 0 },
  pinned: {},
  kept: [],
  size: 0,
  ended: undefined,
});

/** A copy whose containers may change; values are shared. Costs the number of widgets and variables, not their size. */
export const draftOf = (state: ExecutionState): ExecutionState => ({
  ...state,
  frames: state.frames.map(draftOfFrame),
  run: { ...state.run },
  pinned: { ...state.pinned },
  kept: [...state.kept],
});

const draftOfFrame = (frame: Frame): Frame => {
  const { flow, widgets } = frame.context;
  return { ...frame, context: { ...frame.context, flow: { ...flow, variables: { ...flow.variables } }, widgets: { ...widgets } } };
};

/** Changes the state in place. */
export const evolve = (state: ExecutionState, event: ExecutionEvent, atMs: number): void => {
  const change = EVOLVE[event.type] as ((state: ExecutionState, event: ExecutionEvent, atMs: number) => void) | undefined; // the key and the argument carry the same type
  if (!change) throw new Error(`expected an event of this version, found ${String(event.type)}: a newer one wrote it`);
  change(state, event, atMs);
};

/** The flow that runs now; a state that has started has one. */
export const topOf = (state: ExecutionState): Frame => {
  const top = state.frames.at(-1);
  if (!top) throw new Error('expected a started execution');
  return top;
};

/** The key of a pinned subflow. */
export const pinOf = (flow: string, name: string): string => `${flow} ${name}`;

type Evolve = { readonly [T in ExecutionEvent['type']]: (state: ExecutionState, event: Extract<ExecutionEvent, { type: T }>, atMs: number) => void };

const entered = (state: ExecutionState, step: number): void => {
  if (step > state.entered) state.entered = step;
};

const SUBTREE: Readonly<Record<TriggerEvent, string>> = {
  incomingMessage: 'message',
  incomingCall: 'call',
  incomingConversationMessage: 'conversation',
  incomingRequest: 'request',
};

const EVOLVE: Evolve = {
  ExecutionStarted: (state, { execution, account, flow, revision, isTestUser, trigger }, atMs) => {
    const { data, event, contact, address } = trigger;
    const parameters = event === 'incomingRequest' ? (data['parameters'] ?? {}) : {};
    const addOns = data['AddOns'];
    const context: FrameContext = {
      trigger: { [SUBTREE[event]]: data },
      contact: { channel: { address: contact } },
      flow: { sid: execution, flow_sid: flow, channel: { address }, data: parameters, variables: {}, ...(addOns !== undefined && { add_ons: addOns }) },
      widgets: {},
    };
    Object.assign(state, { execution, account, isTestUser, startedAtMs: atMs, size: weightOf(data) + weightOf(parameters) });
    state.frames = [{ flow, revision, enteredBy: event, context }];
  },
  StepTaken: (state, { step, widget, outputs, variables }) => {
    if (topOf(state).parent?.step === step) state.frames.pop(); // the subflow that this step contained
    const { context } = topOf(state);
    if (variables) for (const [key, value] of Object.entries(variables)) if (value !== undefined) put(context.flow.variables, key, value);
    if (outputs) write(state, context, widget, outputs);
    if (variables) write(state, context, widget, variables, VARIABLE_PLACES);
    const name = `${state.frames.length} ${widget}`;
    state.run = { widget: name, count: state.run.widget === name ? state.run.count + 1 : 1 };
    state.taken++;
    entered(state, step);
    state.stop = undefined;
  },
  EffectRequested: (state, { type: _, ...stop }) => {
    entered(state, stop.step);
    state.stop = { kind: 'effect', ...stop };
  },
  EffectEnded: (state) => {
    state.kept = []; // they are decided on again, with what has become known
  },
  WaitStarted: (state, { type: _, twiml: __, ...stop }) => {
    entered(state, stop.step);
    state.stop = { kind: 'wait', ...stop };
  },
  InputKept: (state, { input }) => void state.kept.push(input),
  SubflowEntered: (state, { step, widget, enteredAtMs, flow, revision, parameters }) => {
    entered(state, step);
    state.stop = undefined;
    const { context, flow: parentFlow, enteredBy } = topOf(state);
    const parent = { parameters, step_sid: stepSidIn(state, step), execution_sid: context.flow.sid, flow_sid: parentFlow, trigger_type: enteredBy === 'incomingParent' ? 'parent' : SUBTREE[enteredBy] };
    state.size += weightOf(parameters) + weightOf(context.trigger) + weightOf(context.flow.data);
    state.frames.push({
      flow,
      revision,
      enteredBy: 'incomingParent',
      context: { ...context, trigger: { ...context.trigger, parent }, flow: { ...context.flow, flow_sid: flow, variables: {} }, widgets: {} },
      parent: { step, widget, enteredAtMs },
    });
  },
  SubflowPinned: (state, { flow, name, revision, states = 0 }) => {
    state.pinned[pinOf(flow, name)] = { revision, states };
  },
  WarningRaised: () => undefined,
  SprintBounded: (state, { next }) => {
    state.stop = { kind: 'bounded', next };
  },
  SnapshotTaken: (state, { state: taken }) => void Object.assign(state, newState(), taken),
  ExecutionEnded: (state, { reason }) => {
    state.ended = reason;
    state.stop = undefined;
  },
  ExecutionDeleted: (state) => {
    state.stop = undefined;
  },
};

/** A variable stands in flow.variables and in widgets.<name>. */
export const VARIABLE_PLACES = 2;

const write = (state: ExecutionState, context: FrameContext, widget: string, values: JsonObject, places = 1): void => {
  put(context.widgets, widget, merged(Object.hasOwn(context.widgets, widget) ? context.widgets[widget] : undefined, values));
  state.size += places * weightOf(values);
};

// What is too deep to be walked counts as much as a whole context may hold.
const weightOf = (value: Json): number => Math.min(charactersOf(value, WEIGHT_MAX), WEIGHT_MAX);
const WEIGHT_MAX = 16 * 1_048_576;

const stepSidIn = ({ execution }: ExecutionState, step: number): string => (execution ? stepSidOf(execution, step) : '');

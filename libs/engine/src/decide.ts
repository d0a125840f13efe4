import type { JsonObject } from '@atelier/contracts';
import { Defect } from '@atelier/contracts';
import type { ExecutionEvent, ExecutionInput } from './execution';
import { isObject } from './json-values';
import { SprintRun } from './sprint-run';
import { type ExecutionState, type Stop, newState } from './state';
import type { DecisionEnv } from './widget-run';

type Input<T extends ExecutionInput['type']> = Extract<ExecutionInput, { type: T }>;
type Decide = { readonly [T in ExecutionInput['type']]: (run: SprintRun, input: Input<T>, env: DecisionEnv) => void };

/**
 * What an input causes in an execution: the events of one sprint; none where it changes nothing. Reads the state, never changes it. Throws Defect where
 * a revision that it needs is missing or broken.
 */
export const decide = (env: DecisionEnv, state: ExecutionState, input: ExecutionInput): readonly ExecutionEvent[] => {
  if (input.type !== 'Start' && (state.ended !== undefined || state.execution === undefined)) return [];
  const run = new SprintRun(input.type === 'Start' ? newState() : state, env);
  handle(run, input, env);
  return run.events;
};

// The key and the argument carry the same type.
const handle = (run: SprintRun, input: ExecutionInput, env: DecisionEnv): void =>
  (DECIDE[input.type] as (run: SprintRun, input: ExecutionInput, env: DecisionEnv) => void)(run, input, env);

const DECIDE: Decide = {
  Start: (run, { type: _, ...started }, { programOf }) => {
    run.record({ type: 'ExecutionStarted', ...started });
    run.enter(programOf(started).initial);
  },

  Message: (run, input, { limits }) => {
    const { stop, kept } = run.draft;
    if (!stop || stop.kind === 'bounded' || !isConnected(run, stop, 'incomingMessage') || !handles(run, stop, 'incomingMessage')) return ignored(run, 'A message came');
    if (stop.kind === 'wait') return run.resume(stop, 'incomingMessage', input.parameters);
    return kept.length < limits.keptInputsMax ? run.record({ type: 'InputKept', input }) : ignored(run, 'One message too many came');
  },

  FlowEvent: (run, { event, parameters }) => {
    const { stop } = run.draft;
    if (stop?.kind !== 'wait' || !isConnected(run, stop, event)) return ignored(run, `The event ${event} came`);
    return handles(run, stop, event) ? run.resume(stop, event, parameters) : run.leaveBy(stop, event, parameters);
  },

  // Only a failure of the message of the current step counts. One that comes before the answer of its own send is kept until that is there.
  MessageStatus: (run, input) => {
    const { stop, kept } = run.draft;
    if (stop?.kind === 'effect') {
      if (stop.effect.kind === 'message.send' && stop.step === input.step && saysMore(kept, input)) run.record({ type: 'InputKept', input });
    } else if (stop?.kind === 'wait' && isUndelivered(input) && sidOf(stop.outputs) === input.messageSid && handles(run, stop, 'messageUndelivered')) {
      run.resume(stop, 'messageUndelivered', input.parameters);
    }
  },

  EffectOutcome: (run, { step, outcome }, env) => {
    const { stop, kept } = run.draft;
    if (stop?.kind !== 'effect' || stop.step !== step) return;
    const known = outcome.ok || !outcome.unknown ? outcome : (reported(kept) ?? outcome);
    run.record({ type: 'EffectEnded', step, outcome: known });
    if (!known.ok) run.resume(stop, 'effectFailed', { code: known.code, message: known.message, ...(known.payload && { payload: known.payload }) });
    else if (stop.effect.kind === 'subflow.resolve') run.subflowResolved(stop, Number(known.payload['revision']));
    else run.resume(stop, 'effectSucceeded', known.payload);
    for (const input of kept) if (run.draft.ended === undefined) handle(run, input, env);
  },

  Timer: (run, { step }, { nowMs, limits }) => {
    const { stop, startedAtMs } = run.draft;
    if (stop?.kind !== 'wait' || stop.step !== step) return;
    const isOver = !stop.timeout || nowMs >= startedAtMs + limits.lifetimeMs;
    return isOver ? run.end('EXPIRED') : run.resume(stop, 'timeout', {});
  },

  Continue: (run) => {
    const { stop } = run.draft;
    if (stop?.kind === 'bounded') run.enter(stop.next);
  },

  End: (run, { reason }) => run.end(reason),

  Delete: (run) => {
    run.end('DELETED');
    run.record({ type: 'ExecutionDeleted' });
  },
};

type Standing = Exclude<Stop, { kind: 'bounded' }>;

/** An event from outside counts only where the state has a transition for it; arrivals that only the engine makes are the events of no widget. */
const isConnected = (run: SprintRun, stop: Standing, event: string): boolean => run.stateAt(stop).transitions.some((transition) => transition.event === event);

const handles = (run: SprintRun, stop: Standing, arrival: string): boolean => Object.hasOwn(run.stateAt(stop).widget.behaviour?.resume ?? {}, arrival);

const ignored = (run: SprintRun, what: string): void => {
  const { stop, entered } = run.draft;
  if (!stop) throw new Defect('expected an execution that stands somewhere');
  const at = stop.kind === 'bounded' ? { step: entered, widget: stop.next } : { step: stop.step, widget: stop.widget };
  run.warn(81002, `${what} while ${at.widget} does not wait for it; it was ignored`, at);
};

const UNDELIVERED = new Set(['failed', 'undelivered']);
const isUndelivered = ({ status }: Input<'MessageStatus'>): boolean => UNDELIVERED.has(status);

// One that tells of a failure and one that tells of anything else are enough: the first proves the other's case too.
const saysMore = (kept: readonly ExecutionInput[], status: Input<'MessageStatus'>): boolean =>
  !kept.some((each) => each.type === 'MessageStatus' && isUndelivered(each) === isUndelivered(status));

const sidOf = (outputs: JsonObject | undefined): unknown => {
  const outbound = outputs?.['outbound'];
  return isObject(outbound) ? outbound['Sid'] : undefined;
};

/** A status callback proves that the message was taken, although the answer to its send was lost (A5). */
const reported = (kept: readonly ExecutionInput[]): { readonly ok: true; readonly payload: JsonObject } | undefined => {
  const status = kept.find((input) => input.type === 'MessageStatus');
  return status && { ok: true, payload: { Sid: status.messageSid, Status: status.status } };
};

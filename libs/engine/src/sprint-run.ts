/**
 * One sprint: runs an execution from an input to the next wait, effect, bound or end, and writes down what happens. Owns the events that it makes and
 * the draft of the state that they change.
 * P1. Everything that happens is an event first; the draft changes by `evolve` alone. P2. A sprint ends after `sprintStepsMax` steps, `sprintMs`
 * or `sprintCharactersMax` at the latest.
 * P3. Nothing here acts, waits, or knows the time but by the input.
 */
import { type Json, type JsonObject, Defect, type FlowSid, type WarningCode } from '@atelier/contracts';
import { type Outcome, renderedProperties } from '@atelier/widgets';
import { affordable } from './affordable';
import type { EndedReason, ExecutionEvent } from './execution';
import { asObject, merged } from './json-values';
import type { Program, ProgramState } from './program';
import { type ExecutionState, type Stop, VARIABLE_PLACES, draftOf, evolve, pinOf, topOf } from './state';
import { redirectTwiml } from './twiml';
import { type DecisionEnv, Run } from './widget-run';

/** A run of a widget: where it is, and since when. */
type Visit = { readonly state: ProgramState; readonly step: number; readonly enteredAtMs: number; readonly properties: unknown; readonly outputs?: JsonObject };

type Standing = Exclude<Stop, { kind: 'bounded' }>;

/** Leaving without an event that is named so: a type that is not executed yet fails by the first of these that it has. */
const FAILURES = ['failed', 'fail', 'failure', 'callFailure', 'providerError'];

export class SprintRun {
  readonly events: ExecutionEvent[] = [];
  readonly draft: ExecutionState;
  /** Characters that its steps have written. */
  private written = 0;
  private warned = { step: 0, count: 0 };

  constructor(
    state: ExecutionState,
    private readonly env: DecisionEnv,
  ) {
    this.draft = draftOf(state);
  }

  record(event: ExecutionEvent): void {
    this.events.push(event);
    evolve(this.draft, event, this.env.nowMs);
  }

  warn(code: WarningCode, message: string, { step, widget }: { readonly step: number; readonly widget: string }): void {
    this.warned = { step, count: this.warned.step === step ? this.warned.count + 1 : 1 };
    const { count } = this.warned;
    const { warningsPerStepMax } = this.env.limits;
    if (count > warningsPerStepMax) return;
    const text = count === warningsPerStepMax ? `Further warnings of this step are not told: ${message}` : message;
    this.record({ type: 'WarningRaised', step, widget, code, message: text.slice(0, MESSAGE_CHARACTERS_MAX) });
    this.written += Math.min(text.length, MESSAGE_CHARACTERS_MAX);
  }

  end(reason: EndedReason): void {
    this.record({ type: 'ExecutionEnded', reason });
  }

  /** Enters a state of the flow that runs now, and what follows. */
  enter(name: string): void {
    let next: string | undefined = name;
    for (let steps = 0; next !== undefined; steps++) {
      if (this.isLong(steps)) return this.record({ type: 'SprintBounded', next });
      next = this.visit(next);
    }
  }

  private isLong(steps: number): boolean {
    const { limits, spending } = this.env;
    if (steps === 0) return false;
    return steps === limits.sprintStepsMax || this.written >= limits.sprintCharactersMax || (steps % CLOCK_STEPS === 0 && spending.elapsedMs >= limits.sprintMs);
  }

  /** Hands to the widget that the execution stands at what it waited for. */
  resume(stop: Standing, arrival: string, payload: JsonObject): void {
    const visit = this.visitAt(stop);
    this.goOn(visit, this.handled(visit, arrival, payload));
  }

  /** Leaves the widget that the execution stands at by an event for which its state has a transition. */
  leaveBy(stop: Standing, event: string, outputs: JsonObject): void {
    this.goOn(this.visitAt(stop), { kind: 'leave', by: event, outputs });
  }

  /** The state that the execution stands at. */
  stateAt(stop: Standing): ProgramState {
    return this.program.state(stop.widget);
  }

  /** The revision of a subflow is known now. */
  subflowResolved(stop: Extract<Stop, { kind: 'effect' }>, revision: number): void {
    if (stop.effect.kind !== 'subflow.resolve') throw new Defect('expected a question for a subflow');
    const { flowSid, revision: name } = stop.effect.request;
    const flow = flowSid as FlowSid; // checked when the definition was saved
    const { size } = this.env.programOf({ flow, revision });
    this.record({ type: 'SubflowPinned', flow, name, revision, states: size });
    const parameters = (stop.properties as { readonly parameters: JsonObject }).parameters; // as `enterFlow` stored them
    const next = this.startSubflow({ step: stop.step, widget: stop.widget, enteredAtMs: stop.enteredAtMs }, flow, revision, parameters);
    if (next !== undefined) this.enter(next);
  }

  private get program(): Program {
    return this.env.programOf(topOf(this.draft));
  }

  private visit(name: string): string | undefined {
    const { env, draft } = this;
    const state = this.program.state(name);
    const step = draft.entered + 1;
    const { behaviour } = state.widget;
    const bare: Visit = { state, step, enteredAtMs: env.nowMs, properties: {} };
    if (!behaviour) return this.notExecuted(bare);
    const visit: Visit = behaviour.rendered ? { ...bare, properties: renderedProperties({ ...state, render: this.runOf(bare).render, warn: this.warner(bare) }) } : bare;
    return this.follow(visit, behaviour.enter(this.runOf(visit)));
  }

  private visitAt({ step, enteredAtMs, properties, outputs, widget }: Standing): Visit {
    return { state: this.program.state(widget), step, enteredAtMs, properties, ...(outputs && { outputs }) };
  }

  /** What the widget makes of what arrives. */
  private handled(visit: Visit, arrival: string, payload: JsonObject): Outcome {
    const handler = visit.state.widget.behaviour?.resume?.[arrival];
    if (!handler) throw new Defect(`${visit.state.type} does not take ${arrival}`);
    return handler(this.runOf(visit), { payload });
  }

  private goOn(visit: Visit, outcome: Outcome): void {
    const next = this.follow(visit, outcome);
    if (next !== undefined) this.enter(next);
  }

  private runOf(visit: Visit): Run {
    return new Run(visit.state, visit.properties, topOf(this.draft), this.program, this.env, this.warner(visit));
  }

  private warner({ step, state }: Visit): (code: WarningCode, message: string) => void {
    return (code, message) => this.warn(code, message, { step, widget: state.name });
  }

  /** The state to enter next; undefined: the sprint stops here. */
  private follow(visit: Visit, outcome: Outcome): string | undefined {
    const { step, enteredAtMs, state } = visit;
    const at = { step, widget: state.name, enteredAtMs };
    switch (outcome.kind) {
      case 'leave':
        return this.leave(visit, outcome);
      case 'perform':
        return void this.record({ type: 'EffectRequested', ...at, effect: outcome.effect, properties: visit.properties as Json }); // schemas of widgets make JSON
      case 'wait':
        return void this.wait(visit, outcome);
      case 'enter-flow':
        return this.enterFlow(visit, outcome);
      case 'end':
        return void this.end(outcome.reason);
    }
  }

  private leave({ state, step, enteredAtMs, outputs: kept }: Visit, outcome: Extract<Outcome, { kind: 'leave' }>): string | undefined {
    const { by, variables } = outcome;
    const at = { step, widget: state.name };
    const outputs = this.affordable(asObject(merged(kept ?? {}, outcome.outputs ?? {})), at);
    const transition = state.transitions[outcome.transition ?? state.transitions.findIndex(({ event }) => event === by)];
    const next = transition?.next || undefined;
    const parentStep = this.parentStepOf(step);
    this.record({
      type: 'StepTaken',
      ...at,
      widgetType: state.type,
      by,
      to: next ?? 'Ended',
      enteredAtMs,
      ...(Object.keys(outputs).length > 0 && { outputs }),
      ...(variables && { variables: this.affordable(variables, at, VARIABLE_PLACES) }),
      ...(parentStep !== undefined && { parentStep }),
    });
    return next === undefined ? this.over() : this.allowed(next, at);
  }

  /** The run-subflow step that contains this one; the step that leaves the subflow is not in it. */
  private parentStepOf(step: number): number | undefined {
    const { parent } = topOf(this.draft);
    if (parent?.step !== step) return parent?.step;
    return this.draft.frames.at(-2)?.parent?.step;
  }

  /** A flow is over: the execution's own, or a subflow, whose variables its parent takes over. */
  private over(): string | undefined {
    const { parent, context } = topOf(this.draft);
    if (!parent) return void this.end('FLOW_END');
    if (this.draft.taken >= this.env.limits.stepsMax) return this.stepLimit(parent);
    const { flow, revision } = this.draft.frames.at(-2) ?? topOf(this.draft);
    const state = this.env.programOf({ flow, revision }).state(parent.widget);
    const visit = { state, step: parent.step, enteredAtMs: parent.enteredAtMs, properties: {} };
    return this.follow(visit, this.handled(visit, 'subflowEnded', context.flow.variables));
  }

  private allowed(next: string, at: { readonly step: number; readonly widget: string }): string | undefined {
    const { draft, env } = this;
    if (draft.taken >= env.limits.stepsMax) return this.stepLimit(at);
    if (next !== at.widget || draft.run.count < env.limits.runsInARowMax) return next;
    this.warn(81001, `${at.widget} ran ${draft.run.count} times in a row`, at);
    return void this.end('LOOP_LIMIT');
  }

  private stepLimit(at: { readonly step: number; readonly widget: string }): undefined {
    this.warn(81000, `The execution took ${this.draft.taken} steps`, at);
    this.end('STEP_LIMIT');
  }

  private wait({ state, step, enteredAtMs, properties }: Visit, { for: event, timeoutSeconds, outputs, twiml }: Extract<Outcome, { kind: 'wait' }>): void {
    const { env, draft } = this;
    const lifeEndMs = draft.startedAtMs + env.limits.lifetimeMs;
    const dueAtMs = timeoutSeconds === undefined ? lifeEndMs : Math.min(env.nowMs + timeoutSeconds * 1_000, lifeEndMs);
    this.record({
      type: 'WaitStarted',
      step,
      widget: state.name,
      enteredAtMs,
      for: event,
      dueAtMs,
      ...(timeoutSeconds !== undefined && { timeout: true }),
      properties: properties as Json, // schemas of widgets make JSON
      ...(outputs && { outputs: this.affordable(outputs, { step, widget: state.name }) }),
      ...(twiml && { twiml: redirectTwiml(twiml) }),
    });
  }

  private enterFlow(visit: Visit, { flowSid, revision: name, parameters: given }: Extract<Outcome, { kind: 'enter-flow' }>): string | undefined {
    const { draft } = this;
    const at = { step: visit.step, widget: visit.state.name, enteredAtMs: visit.enteredAtMs };
    if (draft.frames.length > 1) return this.follow(visit, this.handled(visit, 'effectFailed', { code: 81024, message: 'A subflow cannot call a subflow' }));
    const parameters = this.affordable(given, at);
    const revision = DRAFTS.has(name) ? (draft.isTestUser ? 'LatestRevision' : 'LatestPublished') : name;
    const pinned = draft.pinned[pinOf(flowSid, revision)];
    if (pinned) return this.startSubflow(at, flowSid as FlowSid, pinned.revision, parameters); // checked when the definition was saved
    if (/^[0-9]+$/.test(revision) && Number(revision) > REVISION_MAX) return this.follow(visit, this.handled(visit, 'effectFailed', { code: 81024, message: `There is no revision ${revision}` }));
    this.record({ type: 'EffectRequested', ...at, effect: { kind: 'subflow.resolve', request: { flowSid, revision } }, properties: { parameters } });
    return undefined;
  }

  private startSubflow(at: { readonly step: number; readonly widget: string; readonly enteredAtMs: number }, flow: FlowSid, revision: number, parameters: JsonObject): string | undefined {
    const { widgetsMax } = this.env.limits;
    if (this.widgetsWithSubflows() > widgetsMax) {
      this.warn(81026, `The flow has more than ${widgetsMax} widgets together with its subflows`, at);
      return void this.end('ERROR');
    }
    this.record({ type: 'SubflowEntered', ...at, flow, revision, parameters });
    return this.program.initial;
  }

  private widgetsWithSubflows(): number {
    const { program } = this;
    return Object.entries(this.draft.pinned).reduce((sum, [pin, { states }]) => sum + states * program.instancesOf(pin.split(' ')[0] ?? ''), program.size);
  }

  private notExecuted(visit: Visit): string | undefined {
    const { name, type, widget } = visit.state;
    this.warn(81020, `${type} is not executed yet (state ${name})`, { step: visit.step, widget: name });
    const by = FAILURES.find((event) => widget.transitions.includes(event));
    return this.follow(visit, by === undefined ? { kind: 'end', reason: 'ERROR' } : { kind: 'leave', by });
  }

  /** What of these values the execution may keep; the others are left out with a warning. */
  private affordable(values: JsonObject, at: { readonly step: number; readonly widget: string }, places = 1): JsonObject {
    const { kept, characters, refusals } = affordable(values, places, this.draft, this.env.limits);
    for (const refusal of refusals) this.warn(81018, refusal, at);
    this.written += characters;
    return kept;
  }
}

const MESSAGE_CHARACTERS_MAX = 500; // names and patterns that it repeats may be of any length
// Unspecified by Twilio for `LatestRevision`: as `LatestDraft`, because a draft never affects live traffic.
const DRAFTS = new Set(['LatestDraft', 'LatestRevision']);
const CLOCK_STEPS = 10; // between two looks at the clock: sprints of usual length do not depend on it
const REVISION_MAX = 2_147_483_647; // no flow has more revisions than a counter of 32 bits

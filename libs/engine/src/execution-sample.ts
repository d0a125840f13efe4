import { type FlowSid, type Json, type JsonObject, sidOf, stepSidOf } from '@atelier/contracts';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from '@atelier/liquid';
import type { EffectOutcome } from '@atelier/widgets';
import { type Engine, type EngineOptions, createEngine } from './engine';
import type { ExecutionEvent, ExecutionInput, Sprint, Trigger } from './execution';
import type { EngineLimits } from './limits';
import type { Program, ProgramRef } from './program';

/** For specs: one execution over definitions in memory, on a clock of its own; every input is decided, stored as a sprint and folded. */
export class ExecutionSample {
  static readonly flow = sidOf('FW', 'f'.repeat(32));
  readonly sprints: Sprint[] = [];
  nowMs = Date.UTC(2026, 0, 31, 12);
  private readonly engine: Engine;
  private readonly state;
  private readonly programs = new Map<string, Program>();

  constructor(flows: Readonly<Record<string, object>>, limits: Partial<EngineLimits> = {}, more: Partial<EngineOptions> = {}) {
    this.engine = createEngine({ liquid: createLiquid(DEFAULT_LIQUID_OPTIONS), regex: { matches: (pattern, subject) => new RegExp(`^(?:${pattern})$`, 'i').test(subject) }, limits, ...more });
    this.state = this.engine.newState();
    for (const [ref, definition] of Object.entries(flows)) this.programs.set(ref, this.engine.compile(JSON.stringify(definition)));
  }

  start(trigger: Partial<Trigger> = {}, isTestUser = false): readonly ExecutionEvent[] {
    return this.take({
      type: 'Start',
      execution: sidOf('FN', 'e'.repeat(32)),
      account: sidOf('AC', 'a'.repeat(32)),
      flow: ExecutionSample.flow,
      revision: 1,
      isTestUser,
      trigger: { event: 'incomingMessage', data: { Body: 'hi', From: '+1', To: '+2' }, contact: '+1', address: '+2', initiatedBy: 'SM1', ...trigger },
    });
  }

  begun(): this {
    this.start();
    return this;
  }

  /** Started over REST. */
  request(parameters: JsonObject = {}): readonly ExecutionEvent[] {
    return this.start({ event: 'incomingRequest', data: { to: '+1', from: '+2', parameters }, initiatedBy: 'RQ1' });
  }

  /** What an input would cause; nothing happens. */
  decide(input: ExecutionInput): readonly ExecutionEvent[] {
    return this.engine.decide(this.state, input, this.nowMs, this.programOf);
  }

  take(input: ExecutionInput): readonly ExecutionEvent[] {
    const events = this.decide(input);
    // As stored and read again: what does not survive JSON would be noticed.
    const stored = JSON.parse(JSON.stringify(events)) as readonly ExecutionEvent[];
    if (stored.length > 0) this.sprints.push({ version: this.sprints.length + 1, atMs: this.nowMs, events: stored });
    this.engine.evolve(this.state, stored, this.nowMs);
    return stored;
  }

  event(event: string, parameters: JsonObject = {}): readonly ExecutionEvent[] {
    return this.take({ type: 'FlowEvent', event, parameters });
  }

  /** Goes on until it stops for something else than the length of a sprint. */
  finish(): this {
    while (this.state.stop?.kind === 'bounded') this.take({ type: 'Continue' });
    return this;
  }

  message(body: string): readonly ExecutionEvent[] {
    return this.take({ type: 'Message', parameters: { Body: body, From: '+1', To: '+2', MessageSid: 'SM2' } });
  }

  /** The outcome of the effect that is open. */
  outcome(outcome: EffectOutcome): readonly ExecutionEvent[] {
    return this.take({ type: 'EffectOutcome', step: this.open.step, outcome });
  }

  sent(sid = 'SM9'): readonly ExecutionEvent[] {
    return this.outcome({ ok: true, payload: { Sid: sid, Status: 'queued' } });
  }

  answered(status: number, body: string, contentType = 'application/json'): readonly ExecutionEvent[] {
    return this.outcome({ ok: true, payload: { status, contentType, body, headers: {} } });
  }

  resolved(revision: number): readonly ExecutionEvent[] {
    return this.outcome({ ok: true, payload: { revision } });
  }

  /** So many seconds pass; the timer of the step that waits fires if it is due then. */
  later(seconds: number): readonly ExecutionEvent[] {
    this.nowMs += seconds * 1_000;
    const { stop } = this.state;
    return stop?.kind === 'wait' && (stop.dueAtMs ?? Infinity) <= this.nowMs ? this.take({ type: 'Timer', step: stop.step }) : [];
  }

  /** What the provider reports of a message that a step sent. */
  status(step: number, messageSid: string, status: string): readonly ExecutionEvent[] {
    return this.take({ type: 'MessageStatus', messageSid, status, step, parameters: { MessageSid: messageSid, MessageStatus: status, ...(status === 'undelivered' && { ErrorCode: '30003' }) } });
  }

  get open() {
    const { stop } = this.state;
    if (stop?.kind !== 'effect') throw new Error(`expected an open effect, found ${JSON.stringify(stop)}`);
    return stop;
  }

  get stop() {
    return this.state.stop;
  }

  get ended() {
    return this.state.ended;
  }

  get context(): JsonObject {
    return this.contextAfter(this.sprints.length);
  }

  /** What templates saw after so many sprints. */
  contextAfter(sprints: number): JsonObject {
    return this.engine.contextOf(this.sprints.slice(0, sprints));
  }

  /** What its variables and widgets hold now. */
  get variables(): Json | undefined {
    return (this.context['flow'] as JsonObject)['variables'];
  }

  get widgets(): Json | undefined {
    return this.context['widgets'];
  }

  /** What a snapshot would hold, what the fold of the log holds, and what comes back from the snapshot. */
  get states(): readonly [unknown, unknown, unknown] {
    const folded = this.engine.newState();
    for (const { events, atMs } of this.sprints) this.engine.evolve(folded, events, atMs);
    const snapshot = JSON.parse(JSON.stringify(this.engine.snapshot(this.state))) as Json;
    const restored = this.engine.newState();
    this.engine.evolve(restored, [{ type: 'SnapshotTaken', state: snapshot }], this.nowMs);
    return [snapshot, JSON.parse(JSON.stringify(folded)), JSON.parse(JSON.stringify(restored))];
  }

  get events(): readonly ExecutionEvent[] {
    return this.sprints.flatMap(({ events }) => events);
  }

  /** `from -event-> to`, in order. */
  get path(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'StepTaken' ? [`${event.widget} -${event.by}-> ${event.to}`] : []));
  }

  get warnings(): readonly number[] {
    return this.events.flatMap((event) => (event.type === 'WarningRaised' ? [event.code] : []));
  }

  stepSid(step: number): string {
    return stepSidOf(sidOf('FN', 'e'.repeat(32)), step);
  }

  private readonly programOf = ({ flow, revision }: ProgramRef): Program => {
    const program = this.programs.get(flow === ExecutionSample.flow ? 'main' : `${flow}/${revision}`);
    if (!program) throw new Error(`no definition of ${flow}/${revision}`);
    return program;
  };
}

/** A state of a definition; transitions as `event: next`, with '' for one that leads nowhere. */
export const state = (name: string, type: string, properties: object, next: Readonly<Record<string, string>> = {}): object => ({
  name,
  type,
  properties,
  transitions: Object.entries(next).map(([event, to]) => ({ event, ...(to && { next: to }) })),
});

/** A set-variables state whose entries are texts, and where it leads. */
export const setting = (name: string, entries: Readonly<Record<string, string>>, next = ''): object =>
  state(name, 'set-variables', { variables: Object.entries(entries).map(([key, value]) => ({ key, value, type: 'string' })) }, { next });

/** A send-and-wait-for-reply state. */
export const asking = (name: string, next: Readonly<Record<string, string>>, timeout = '60'): object =>
  state(name, 'send-and-wait-for-reply', { from: '{{flow.channel.address}}', body: 'Name?', timeout }, next);

/** A split on `input`: `conditions` as `[type, value, next]`. */
export const split = (name: string, input: string, conditions: readonly (readonly [string, string, string])[], noMatch = ''): object => ({
  name,
  type: 'split-based-on',
  properties: { input },
  transitions: [
    { event: 'noMatch', ...(noMatch && { next: noMatch }) },
    ...conditions.map(([type, value, next]) => ({ event: 'match', ...(next && { next }), conditions: [{ friendly_name: '', arguments: [input], type, value }] })),
  ],
});

/** A definition that starts at `first`, however it was triggered. */
export const flowOf = (first: string, ...states: readonly object[]): object => ({
  states: [state('Trigger', 'trigger', {}, { incomingMessage: first, incomingRequest: first, incomingParent: first }), ...states],
  initial_state: 'Trigger',
});

export const SUBFLOW: FlowSid = sidOf('FW', '5'.repeat(32));

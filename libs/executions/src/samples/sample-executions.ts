import type { AccountSid, ExecutionSid, FlowDirectory, FlowSid, JsonObject } from '@atelier/contracts';
import { type Clock, type Database, newExecutionSid, newSid, systemClock } from '@atelier/platform';
import type { EffectOutcome } from '@atelier/widgets';
import { createIngress } from '../ingress/ingress';
import type { Ingress, InboundMessage, StartRequest } from '../ingress/ingress.port';
import { createExecutionReader } from '../store/execution-reader';
import type { ExecutionReader, ExecutionView } from '../store/execution-reader.port';
import type { EffectContext, EffectPerformer, Postponed, RequestedEffect } from '../worker/effect-performer.port';
import { type ExecutionWorker, type WorkerOptions, createExecutionWorker } from '../worker/worker';
import { executionRules, executionRulesConfig } from '../worker/rules-config';

const state = (name: string, type: string, properties: JsonObject, ...transitions: readonly (readonly [string, (string | undefined)?])[]): JsonObject => ({
  name, type, properties, transitions: transitions.map(([event, next]) => (next ? { event, next } : { event })),
});
const trigger = (next: string): JsonObject => state('Trigger', 'trigger', {}, ['incomingMessage', next], ['incomingRequest', next]);
const definition = (...states: readonly JsonObject[]): string => JSON.stringify({ description: 'A sample', states, initial_state: 'Trigger', flags: { allow_concurrent_calls: true } });
const set = (name: string, next?: string): JsonObject => state(name, 'set-variables', { variables: [{ key: 'v', value: name }] }, ['next', next]);
const send = (name: string, body: string, next?: string): JsonObject =>
  state(name, 'send-message', { from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body }, ['sent', next], ['failed', next]);
const ask = (timeout: string, reply: string, late?: string): JsonObject =>
  state('ask', 'send-and-wait-for-reply', { from: '{{flow.channel.address}}', body: 'who?', timeout }, ['incomingMessage', reply], ['timeout', late], ['deliveryFailure']);

/** Flows that specs of this library run. */
export const SAMPLE_FLOWS = {
  /** Ten steps without a stop. */
  plain: definition(trigger('a0'), ...Array.from({ length: 9 }, (_, i) => set(`a${i}`, i < 8 ? `a${i + 1}` : undefined))),
  send: definition(trigger('hello'), send('hello', 'hello')),
  ask: definition(trigger('ask'), ask('3600', 'thanks'), send('thanks', 'thanks')),
  /** Asks for a second. */
  brief: definition(trigger('ask'), ask('1', 'answered', 'late'), set('answered'), set('late')),
  /** Asks again and again. */
  loop: definition(trigger('ask'), ask('3600', 'again'), set('again', 'ask')),
  redirect: definition(trigger('away'), state('away', 'add-twiml-redirect', { url: 'https://example.com/', timeout: '3600' }, ['return', 'back'], ['timeout'], ['fail']), set('back')),
  sendAndRedirect: definition(trigger('hello'), send('hello', 'hello', 'away'), state('away', 'add-twiml-redirect', { url: 'https://example.com/', timeout: '3600' }, ['return'], ['timeout'], ['fail'])),
  broken: 'no definition',
} as const;
export type SampleFlow = keyof typeof SAMPLE_FLOWS;

/** Our side of every sample conversation. */
export const ADDRESS = '+15557650001';

/** Effects as a spec wants them to end. */
export class ScriptedPerformer implements EffectPerformer {
  readonly performed: RequestedEffect[] = [];
  outcome: (effect: RequestedEffect) => Promise<EffectOutcome | Postponed> = () => Promise.resolve({ ok: true, payload: { Sid: newSid('SM'), Status: 'queued' } });
  verdict: (effect: RequestedEffect, context: EffectContext) => Promise<EffectOutcome | 'again' | 'wait'> = () => Promise.resolve('wait');

  perform(effect: RequestedEffect): Promise<EffectOutcome | Postponed> {
    this.performed.push(effect);
    return this.outcome(effect);
  }

  reconcile(effect: RequestedEffect, context: EffectContext): Promise<EffectOutcome | 'again' | 'wait'> {
    return this.verdict(effect, context);
  }

  /** How often each step of an execution was performed. */
  timesOf(execution: ExecutionSid): readonly number[] {
    const times = new Map<number, number>();
    for (const effect of this.performed) if (effect.execution === execution) times.set(effect.step, (times.get(effect.step) ?? 0) + 1);
    return [...times.values()];
  }
}

/** A clock that a spec moves on. */
export class MovableClock implements Clock {
  private aheadMs = 0;
  move(ms: number): void {
    this.aheadMs += ms;
  }
  nowMs(): number {
    return systemClock.nowMs() + this.aheadMs;
  }
  monotonicMs(): number {
    return systemClock.monotonicMs() + this.aheadMs;
  }
}

/** One account's sample flows over a real database of executions, with as many workers as a spec wants. */
export class SampleExecutions {
  readonly account: AccountSid = newSid('AC');
  readonly flows = Object.fromEntries(Object.keys(SAMPLE_FLOWS).map((name) => [name, newSid('FW')])) as Record<SampleFlow, FlowSid>; // one for each key
  readonly performer = new ScriptedPerformer();
  readonly keysAsked: AccountSid[] = [];
  readonly rules = executionRules(executionRulesConfig.parse({}));
  readonly ingress: Ingress;
  readonly reader: ExecutionReader;
  ensureKey: () => Promise<void> = () => Promise.resolve();
  private readonly workers: ExecutionWorker[] = [];
  private contacts = 0;

  constructor(
    readonly db: Database,
    readonly clock: Clock = systemClock,
  ) {
    this.ingress = createIngress(db);
    this.reader = createExecutionReader(db, this.rules, clock);
  }

  readonly directory: FlowDirectory = {
    choose: () => Promise.resolve({ kind: 'found', revision: 1, isTestUser: false }),
    resolve: () => Promise.resolve(1),
    definition: (_, flow, revision) => Promise.resolve(this.definitionOf(flow, revision)),
  };

  async start(options: Partial<WorkerOptions> = {}): Promise<ExecutionWorker> {
    const worker = createExecutionWorker({
      db: this.db, directory: this.directory, performer: this.performer, rules: this.rules, clock: this.clock,
      studioKey: { ensure: async (account) => (this.keysAsked.push(account), await this.ensureKey(), { sid: newSid('SK'), secret: 's' }) },
      ...options,
    });
    this.workers.push(worker);
    await worker.start();
    return worker;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.stop()));
    await this.ingress.close();
    await this.db.close();
  }

  contact(): string {
    return `+1555${String(++this.contacts).padStart(7, '0')}`;
  }

  startOf(flow: SampleFlow, contact = this.contact(), event: 'incomingRequest' | 'incomingMessage' = 'incomingRequest', revision = 1): StartRequest {
    return {
      execution: newExecutionSid(this.clock.nowMs()), account: this.account, flow: this.flows[flow], revision, isTestUser: false,
      trigger: { event, data: { Body: 'hi' }, contact, address: ADDRESS, initiatedBy: newSid('RQ') },
    };
  }

  messageOf(flow: SampleFlow, contact: string, body: string): InboundMessage {
    return { start: this.startOf(flow, contact, 'incomingMessage'), inputKey: `message:${newSid('SM')}`, addresses: [ADDRESS], parameters: { Body: body } };
  }

  async created(flow: SampleFlow, contact = this.contact()): Promise<ExecutionSid> {
    return (await this.ingress.create(this.startOf(flow, contact))).execution;
  }

  async view(flow: SampleFlow, sid: ExecutionSid): Promise<ExecutionView | undefined> {
    return this.reader.fetch(this.account, this.flows[flow], sid);
  }

  /** Events by which its steps were left, the first one first. */
  async steps(flow: SampleFlow, sid: ExecutionSid): Promise<readonly string[]> {
    const steps = (await this.reader.steps(this.account, this.flows[flow], sid, { limit: 1_000 })) ?? [];
    return steps.map(({ name }) => name).reverse();
  }

  private definitionOf(flow: FlowSid, revision: number): string | undefined {
    const name = (Object.keys(this.flows) as SampleFlow[]).find((each) => this.flows[each] === flow); // its keys are the names
    return name && revision < 3 ? (revision === 1 ? SAMPLE_FLOWS[name] : SAMPLE_FLOWS.plain) : undefined;
  }
}

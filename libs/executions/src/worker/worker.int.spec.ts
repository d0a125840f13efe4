import { type Database, newExecutionSid, newSid } from '@atelier/platform';
import type { AccountSid, ExecutionSid, FlowDirectory, FlowSid, JsonObject } from '@atelier/contracts';
import type { EffectOutcome } from '@atelier/widgets';
import { eventually, testDatabase } from '@atelier/testing';
import { createIngress } from '../ingress/ingress';
import type { Ingress, InboundMessage, StartRequest } from '../ingress/ingress.port';
import { createExecutionReader } from '../store/execution-reader';
import type { ExecutionReader } from '../store/execution-reader.port';
import { EXECUTIONS_MIGRATIONS, EXECUTIONS_PARAMETERS } from '../store/migrations';
import type { EffectPerformer, RequestedEffect } from './effect-performer.port';
import { sampleRules } from './sample-rules';
import { type ExecutionWorker, createExecutionWorker } from './worker';

const address = '+15557650001';
const state = (name: string, type: string, properties: JsonObject, ...transitions: readonly (readonly [string, (string | undefined)?])[]): JsonObject => ({
  name, type, properties, transitions: transitions.map(([event, next]) => (next ? { event, next } : { event })),
});
const trigger = (next: string): JsonObject => state('Trigger', 'trigger', {}, ['incomingMessage', next], ['incomingRequest', next]);
const definition = (...states: readonly JsonObject[]): string => JSON.stringify({ states, initial_state: 'Trigger' });
const set = (name: string, next?: string): JsonObject => state(name, 'set-variables', { variables: [{ key: 'v', value: name }] }, ['next', next]);

const FLOWS = {
  plain: definition(trigger('a0'), ...Array.from({ length: 10 }, (_, i) => set(`a${i}`, i < 9 ? `a${i + 1}` : undefined))),
  ask: definition(trigger('ask'), state('ask', 'send-and-wait-for-reply', { body: 'who?', timeout: '3600' }, ['incomingMessage', 'thanks'], ['timeout'], ['deliveryFailure']), state('thanks', 'send-message', { body: 'thanks' }, ['sent'], ['failed'])),
  brief: definition(trigger('ask'), state('ask', 'send-and-wait-for-reply', { body: 'who?', timeout: '1' }, ['incomingMessage', 'set'], ['timeout'], ['deliveryFailure']), set('set')),
} as const;
type FlowName = keyof typeof FLOWS;

class ScriptedPerformer implements EffectPerformer {
  readonly performed: RequestedEffect[] = [];
  outcome: (effect: RequestedEffect) => Promise<EffectOutcome> = () => Promise.resolve({ ok: true, payload: { Sid: 'SM1', Status: 'queued' } });
  verdict: () => EffectOutcome | 'again' | 'wait' = () => 'again';
  perform(effect: RequestedEffect): Promise<EffectOutcome> {
    this.performed.push(effect);
    return this.outcome(effect);
  }
  reconcile(): Promise<EffectOutcome | 'again' | 'wait'> {
    return Promise.resolve(this.verdict());
  }
}

const account: AccountSid = newSid('AC');
const flowOf = Object.fromEntries(Object.keys(FLOWS).map((name) => [name, newSid('FW')])) as Record<FlowName, FlowSid>;
const directory: FlowDirectory = {
  choose: () => Promise.resolve({ kind: 'found', revision: 1, isTestUser: false }),
  resolve: () => Promise.resolve(1),
  definition: (_, flow) => Promise.resolve(Object.entries(flowOf).flatMap(([name, sid]) => (sid === flow ? [FLOWS[name as FlowName]] : []))[0]),
};

describe('an execution worker', () => {
  let db: Database;
  let ingress: Ingress;
  let reader: ExecutionReader;
  let worker: ExecutionWorker;
  const performer = new ScriptedPerformer();
  const rules = sampleRules();
  const keysAsked: string[] = [];
  const made = (): ExecutionWorker => createExecutionWorker({ db, directory, performer, rules, studioKey: { ensure: (a) => (keysAsked.push(a), Promise.resolve({ sid: 'SK', secret: 's' })) } });

  beforeAll(async () => {
    db = await testDatabase({ schema: 'executions', migrations: EXECUTIONS_MIGRATIONS, parameters: EXECUTIONS_PARAMETERS, poolMax: 20 });
    ingress = createIngress(db);
    reader = createExecutionReader(db, rules);
    worker = made();
    await worker.start();
  }, 90_000);
  afterAll(async () => {
    await worker.stop();
    await ingress.close();
    await db.close();
  });

  let contacts = 0;
  const contact = (): string => `+1555${String(++contacts).padStart(7, '0')}`;
  const startOf = (flow: FlowName, from: string, event: 'incomingRequest' | 'incomingMessage' = 'incomingRequest'): StartRequest => ({
    execution: newExecutionSid(Date.now()), account, flow: flowOf[flow], revision: 1, isTestUser: false,
    trigger: { event, data: {}, contact: from, address, initiatedBy: newSid('RQ') },
  });
  const message = (flow: FlowName, from: string, body: string): InboundMessage => ({
    start: startOf(flow, from, 'incomingMessage'), inputKey: `message:${newSid('SM')}`, addresses: [address], parameters: { Body: body },
  });
  const created = async (flow: FlowName, from = contact()): Promise<ExecutionSid> => (await ingress.create(startOf(flow, from))).execution;
  const ended = (flow: FlowName, sid: ExecutionSid) => eventually('ended', async () => (await reader.fetch(account, flowOf[flow], sid))?.status === 'ended' && reader.fetch(account, flowOf[flow], sid));

  it('runs ten steps to the end and lists them newest first', async () => {
    const sid = await created('plain');
    await ended('plain', sid);
    const steps = await reader.steps(account, flowOf.plain, sid, { limit: 50 });
    expect(steps?.map(({ number }) => number)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    await worker.idle();
    expect(keysAsked).toContain(account);
  });

  it('sends, waits, takes the reply', async () => {
    const from = contact();
    await ingress.message(message('ask', from, 'hi'));
    await worker.idle();
    const [execution] = await reader.list(account, flowOf.ask, { limit: 1 });
    expect(execution).toMatchObject({ status: 'active', contact: from });
    await ingress.message(message('ask', from, 'me'));
    await worker.idle();
    expect(await reader.fetch(account, flowOf.ask, execution!.sid)).toMatchObject({ status: 'ended', endedReason: 'FLOW_END' });
    expect(await reader.steps(account, flowOf.ask, execution!.sid, { limit: 9 })).toHaveLength(3);
    expect(await db.query('select key from claim')).toEqual([]);
    expect(await db.query('select step from effect')).toEqual([]);
    expect(await db.query('select step from timer')).toEqual([]);
  });

  it('lets a timer fire within a second of its time', async () => {
    const sid = await created('brief');
    await ended('brief', sid);
    expect((await reader.steps(account, flowOf.brief, sid, { limit: 1 }))?.[0]).toMatchObject({ name: 'timeout' });
    expect(await db.query('select step from timer')).toEqual([]);
  });
});

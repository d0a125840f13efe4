import { randomBytes } from 'node:crypto';
import type { RunningAtelier } from '@atelier/testing';
import { type Answer, type Client } from './client';

/** The kinds of runs under load: each contact makes one, and every run of a kind must end in the same context. */
export const KINDS = ['ten-step', 'look-up', 'ask', 'topic'] as const;
/** And by a record on the topic itself, where there is a broker. */
export const CLUSTER_KINDS = [...KINDS, 'record'] as const;
export type Kind = (typeof CLUSTER_KINDS)[number];
export type Run = { readonly kind: Kind; readonly contact: string; readonly input: string; acknowledged: boolean };

export const FLOW_ADDRESS = '+15557650001';

/** Messages that a contact gets in a run of this kind: more would be doubled, fewer lost. */
export const MESSAGES: Readonly<Record<Kind, number>> = { 'ten-step': 0, 'look-up': 1, ask: 2, topic: 0, record: 0 };

export const newRun = (kind: Kind, n: number): Run => ({
  kind,
  contact: `+1555${String(n).padStart(7, '0')}`,
  input: randomBytes(16).toString('hex'),
  acknowledged: false,
});

/** Puts a record on `atelier.triggers`. */
export type Produce = (key: string, record: object) => Promise<void>;
export type Target = { readonly atelier: RunningAtelier; readonly client: Client; readonly flows: Readonly<Record<Kind, string>>; readonly produce?: Produce | undefined };

/** Does what the run's contact does, again with the same identifiers where it was not acknowledged. Throws while the product is away. */
export const trigger = async (target: Target, run: Run): Promise<void> => {
  await DOORS[run.kind](target, run);
  run.acknowledged = true;
};

const must = (answer: Answer, ...statuses: number[]): void => {
  if (!statuses.includes(answer.status)) throw new Error(`${answer.status} ${answer.body.slice(0, 200)}`);
};

const create = async ({ client, flows }: Target, { kind, contact }: Run): Promise<void> =>
  // 409: the first attempt was stored although its answer was lost.
  must(await client.post(`/v2/Flows/${flows[kind]}/Executions`, { To: contact, From: FLOW_ADDRESS, Parameters: '{"name":"ada"}' }), 201, 409);

const message = async ({ atelier, client, flows }: Target, { kind, contact }: Run, sid: string, body: string): Promise<void> =>
  must(await client.webhook(flows[kind], { MessageSid: sid, AccountSid: atelier.accountSid, From: contact, To: FLOW_ADDRESS, Body: body }), 200);

const DOORS: Readonly<Record<Kind, (target: Target, run: Run) => Promise<void>>> = {
  'ten-step': create,
  'look-up': create,
  ask: async (target, run) => {
    await message(target, run, `SM${run.input}`, 'hello');
    await message(target, run, `SM${run.input.slice(1)}f`, 'yes');
  },
  topic: async ({ atelier, client, flows }, run) => {
    const answer = await client.postJson('/atelier/v1/Topics/atelier.triggers/Records', recordOf(atelier, flows.topic, run));
    must(answer, 200);
    if (!/"(started|duplicate)"/.test(answer.body)) throw new Error(answer.body.slice(0, 200));
  },
  record: async ({ atelier, flows, produce }, run) => {
    if (!produce) throw new Error('expected a broker');
    await produce(`${atelier.accountSid}|${flows.record}|${run.contact}`, recordOf(atelier, flows.record, run));
  },
};

const recordOf = ({ accountSid }: RunningAtelier, flow: string, { contact, input }: Run): object => {
  const data = { account_sid: accountSid, flow_sid: flow, to: contact, from: FLOW_ADDRESS, parameters: { name: 'ada' }, idempotency_key: input };
  return { specversion: '1.0', type: 'atelier.trigger.v1', source: 'crash', id: input, data };
};

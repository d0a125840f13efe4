import { randomBytes } from 'node:crypto';
import { type Client, clientOf, publishFlow } from './client';
import { askAndWaitFlow, tenStepFlow } from './flows';
import { type Measured, atRate, saturate } from './load';
import type { RecordProducer } from './record-producer';
import type { Subject } from './subject';

const WIDTH = 64; // requests at once at saturation
const FULL_PAUSE_MS = 50;
const ENDED_MS = 180_000;
const LOOK_EACH_MS = 200;
const BATCH = 100; // records of a request, and of a send to Kafka
const FLOW_ADDRESS = '+15557650001';

/** CPU seconds of each process for 1,000 runs; `half`: latency of a request at half the rate, where the door answers. */
export type Row = { readonly name: string; readonly runsPerSecond: number; readonly cpuPer1000: Readonly<Record<string, number>>; readonly half?: Measured };
export type Choice = { readonly seconds: number; readonly only: string };

type Scenario = {
  readonly name: string;
  readonly flowSid: string;
  /** Makes the n-th act; answers how many runs it started. */
  readonly act: (n: number) => Promise<void>;
  readonly runsPerAct: number;
  /** Acts at once: a topic takes what it is given, so fewer keep the backlog short. */
  readonly width: number;
  /** The door says when a run is durable: its latency is measured at half the rate. */
  readonly hasLatency: boolean;
};

/** Every scenario that this subject has a door for, one after the other. */
export const measure = async (subject: Subject, choice: Choice): Promise<readonly Row[]> => {
  const client = clientOf(subject.atelier, WIDTH);
  const rows: Row[] = [];
  for (const scenario of await scenariosOf(subject, client)) if (scenario.name.includes(choice.only)) rows.push(await measured(subject, scenario, choice.seconds));
  await client.close();
  return rows;
};

const measured = async (subject: Subject, { name, flowSid, act, runsPerAct, width, hasLatency }: Scenario, seconds: number): Promise<Row> => {
  let acts = 0;
  let offset = 0;
  const one = (n: number): Promise<void> => act(offset + n).then(() => void acts++);
  // Looked at rarely: counting is work for the store.
  const allEnded = async (): Promise<void> => {
    const end = performance.now() + ENDED_MS;
    while ((await subject.ended(flowSid)) < acts * runsPerAct || (await subject.unpublished()) > 0) {
      if (performance.now() > end) throw new Error(`${name}: not all executions have ended and are published`);
      await pause(LOOK_EACH_MS);
    }
  };
  await saturate(width, subject.warmUpSeconds, one);
  await allEnded();
  offset += 1_000_000;
  const cpuBefore = await subject.cpu();
  const started = performance.now();
  const before = acts;
  await saturate(width, seconds, one);
  await allEnded();
  const runs = (acts - before) * runsPerAct;
  const runsPerSecond = runs / ((performance.now() - started) / 1_000);
  const cpuPer1000 = Object.fromEntries(Object.entries(await subject.cpu()).map(([process, used]) => [process, ((used - (cpuBefore[process] ?? 0)) / runs) * 1_000]));
  console.log(`  ${subject.name}, ${name}: ${runsPerSecond.toFixed(0)} runs/s`);
  offset += 1_000_000;
  if (!hasLatency) return { name, runsPerSecond, cpuPer1000 };
  const half = await atRate(runsPerSecond / runsPerAct / 2, seconds, one);
  await allEnded();
  return { name, runsPerSecond, cpuPer1000, half };
};

const scenariosOf = async ({ atelier, producer }: Subject, client: Client): Promise<readonly Scenario[]> => {
  const flow = (name: string, definition: object): Promise<string> => publishFlow(client, name, definition);
  const [rest, records, topic, ask] = [await flow('REST', tenStepFlow()), await flow('records', tenStepFlow()), await flow('topic', tenStepFlow()), await flow('ask', askAndWaitFlow())];
  return [
    { name: 'ten-step, REST create', flowSid: rest, act: (n) => create(client, rest, n), runsPerAct: 1, width: WIDTH, hasLatency: true },
    { name: 'ten-step, records over HTTP (100 a request)', flowSid: records, act: (n) => postRecords(client, batchOf(atelier.accountSid, records, n)), runsPerAct: BATCH, width: WIDTH, hasLatency: true },
    ...(producer ? [{ name: 'ten-step, records on the topic', flowSid: topic, act: (n: number) => sendRecords(producer, batchOf(atelier.accountSid, topic, n)), runsPerAct: BATCH, width: 2, hasLatency: false }] : []),
    { name: 'ask-and-wait, webhooks', flowSid: ask, act: (n) => conversation(client, atelier.accountSid, ask, n), runsPerAct: 1, width: WIDTH, hasLatency: true },
  ];
};

const contact = (n: number): string => `+1555${String(n).padStart(7, '0')}`;

const must = (what: string, ok: number, answer: { status: number; body: string }): void => {
  if (answer.status !== ok) throw new Error(`${what}: expected ${ok}, got ${answer.status} ${answer.body.slice(0, 300)}`);
};

const create = async (client: Client, flowSid: string, n: number): Promise<void> =>
  must('create', 201, await client.post(`/v2/Flows/${flowSid}/Executions`, { To: contact(n), From: FLOW_ADDRESS, Parameters: '{"name":"ada"}' }));

const conversation = async (client: Client, accountSid: string, flowSid: string, n: number): Promise<void> => {
  for (const body of ['hello', 'yes']) must('webhook', 200, await client.webhook(flowSid, { MessageSid: `SM${randomBytes(16).toString('hex')}`, AccountSid: accountSid, From: contact(n), To: FLOW_ADDRESS, Body: body }));
};

type Trigger = { readonly key: string; readonly record: object };

const batchOf = (account: string, flow: string, n: number): readonly Trigger[] =>
  Array.from({ length: BATCH }, (_, i) => {
    const to = `client:${flow.slice(-6)}-${n}-${i}`;
    const id = `${n}-${i}`;
    const data = { account_sid: account, flow_sid: flow, to, from: FLOW_ADDRESS, parameters: { name: 'ada' }, idempotency_key: `${flow}-${id}` };
    return { key: `${account}|${flow}|${to}`, record: { specversion: '1.0', type: 'atelier.trigger.v1', source: 'bench', id, data } };
  });

const postRecords = async (client: Client, batch: readonly Trigger[]): Promise<void> => {
  const records = batch.map(({ record }) => record);
  // Full is answered with 429: the door's back-pressure is part of what is measured.
  let answer = await client.postJson('/atelier/v1/Topics/atelier.triggers/Records', records);
  for (; answer.status === 429; answer = await client.postJson('/atelier/v1/Topics/atelier.triggers/Records', records)) await pause(FULL_PAUSE_MS);
  must('records', 200, answer);
};

const sendRecords = (producer: RecordProducer, batch: readonly Trigger[]): Promise<void> => producer.sendAll('atelier.triggers', batch.map(({ key, record }) => ({ key, value: JSON.stringify(record) })));

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

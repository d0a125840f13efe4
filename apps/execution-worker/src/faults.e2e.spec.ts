import { type RunningProcess, type RunningServices, type TcpProxy, eventually, kafkaProblem, startServices, startTcpProxy, testKafka } from '@atelier/testing';
import { type Consumer, Kafka, Partitioners, logLevel } from 'kafkajs';
import { conversation, greeting } from './sample-flows';

const PATIENCE_MS = 60_000; // for a busy machine; what was put off comes again within ten seconds
const REMEMBERED_MS = 5_000; // how long whoever asked before keeps an answer
const NUMBER = '+15557650001';
const EVENTS = 'atelier.executions.events';
const describeHere = kafkaProblem() === undefined ? describe : describe.skip;

type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };
type Event = { readonly type: string; readonly shard: number; readonly pos: number; readonly data: Readonly<Record<string, unknown>> };

describeHere('services apart, when something between them or one of them fails', () => {
  let services: RunningServices;
  let network: TcpProxy;
  let others: RunningProcess[] = [];
  let flow: string;
  let phones = 0;

  beforeAll(async () => {
    const brokers = await testKafka();
    if (brokers === undefined) throw new Error('expected a broker');
    const credentialsVia = async (url: string): Promise<string> => {
      network = await startTcpProxy(url);
      return network.through(url);
    };
    services = await startServices({ brokers, topicPrefix: `faults-${process.pid}-${Date.now()}.`, credentialsVia });
    others = [await services.addWorker(), await services.addWorker()];
    const { status, body } = await rest('POST', '/v2/Flows', { FriendlyName: 'greeting', Status: 'published', Definition: JSON.stringify(greeting) });
    expect(status).toBe(201);
    flow = String(body['sid']);
    await ended([await started()]); // its key is made, its flow is known
  }, 360_000);
  afterAll(async () => {
    await services?.close();
    await network?.close();
  }, 60_000);

  const rest = async (method: string, path: string, form?: Record<string, string>, token = services.authToken): Promise<Answer> => {
    const headers = { authorization: `Basic ${Buffer.from(`${services.accountSid}:${token}`).toString('base64')}` };
    const answer = await fetch(services.url + path, { method, headers, ...(form && { body: new URLSearchParams(form) }) });
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  };
  const phone = (): string => `+1555${String(3_000_000 + ++phones)}`;
  const create = (to: string): Promise<Answer> => rest('POST', `/v2/Flows/${flow}/Executions`, { To: to, From: NUMBER });
  const started = async (): Promise<{ to: string; sid: string }> => {
    const to = phone();
    const { status, body } = await create(to);
    expect([status, body]).toEqual([201, expect.anything()]);
    return { to, sid: String(body['sid']) };
  };
  const ended = async (all: readonly { sid: string }[]): Promise<void> => {
    const isEnded = async (sid: string): Promise<boolean> => (await rest('GET', `/v2/Flows/${flow}/Executions/${sid}`)).body['status'] === 'ended';
    for (const { sid } of all) await eventually(`the end of ${sid}`, () => isEnded(sid), PATIENCE_MS);
  };
  const heard = async (to: string): Promise<readonly unknown[]> =>
    ((await rest('GET', `/carrier/v1/Phones/${encodeURIComponent(to)}/Messages`)).body['messages'] as { body: string }[]).map(({ body }) => body);
  const stepsOf = async (sid: string): Promise<readonly unknown[]> => ((await rest('GET', `/v2/Flows/${flow}/Executions/${sid}/Steps`)).body['steps'] as { name: string }[]).map(({ name }) => name);
  const sentOnce = async (all: readonly { to: string; sid: string }[]): Promise<void> => {
    for (const { to, sid } of all) expect([to, await heard(to), await stepsOf(sid)]).toEqual([to, ['hello'], ['sent', 'incomingRequest']]);
  };

  it('give a contact one execution, whichever door is asked, and let it run on the revision that it began with (A6, A7)', async () => {
    const saved = await rest('POST', '/v2/Flows', { FriendlyName: 'asks', Status: 'published', Definition: JSON.stringify(conversation('thanks of the first')) });
    const asking = String(saved.body['sid']);
    const number = '+15557650077';
    await rest('POST', `/2010-04-01/Accounts/${services.accountSid}/IncomingPhoneNumbers.json`, { PhoneNumber: number, SmsUrl: `${services.url}/v1/Accounts/${services.accountSid}/Flows/${asking}` });
    const to = phone();
    const once = () => rest('POST', `/v2/Flows/${asking}/Executions`, { To: to, From: number });
    const answers = await Promise.all([once(), once(), once(), once()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const sid = String(answers.find(({ status }) => status === 201)?.body['sid']);
    const results = await topicReader(services.topicPrefix, 'atelier.triggers.results');
    await trigger(services.topicPrefix, { account_sid: services.accountSid, flow_sid: asking, to, from: number, idempotency_key: 'one-execution' });
    const result = await eventually('the result', () => results.events.find(({ data }) => data['idempotency_key'] === 'one-execution'), PATIENCE_MS);
    await results.consumer.disconnect();
    expect(result.data).toMatchObject({ status: 'conflict', conflicting_execution_sid: sid });
    await eventually('the question', async () => (await heard(to)).includes('how are you?'), PATIENCE_MS);
    expect((await rest('POST', `/v2/Flows/${asking}`, { Status: 'published', Definition: JSON.stringify(conversation('thanks of the second')) })).body['revision']).toBe(2);
    await rest('POST', `/carrier/v1/Phones/${encodeURIComponent(to)}/Messages`, { To: number, Body: 'fine' });
    await eventually('thanks', async () => (await heard(to)).length === 3, PATIENCE_MS);
    expect([...(await heard(to))].sort()).toEqual(['fine', 'how are you?', 'thanks of the first']);
  }, 120_000);

  it.each(['broken', 'silent'] as const)('the network to credentials-service is %s: sends wait, nobody is called a stranger, and all is done once it heals', async (how) => {
    const before = await started();
    network.cut(how);
    const cutAt = performance.now();
    const during = [before];
    // Who was known a moment ago is known for five seconds more; then nobody can say, and that is what the answer says.
    const refused = await eventually('a refusal', async () => {
      const to = phone();
      const answer = await create(to);
      if (answer.status === 201) during.push({ to, sid: String(answer.body['sid']) });
      return answer.status !== 201 && answer;
    }, PATIENCE_MS);
    expect([refused.status, refused.body['code'], refused.body['status']]).toEqual([503, 20503, 503]);
    const strange = [`/v2/Flows/${flow}`, `/v2/Flows/${flow}/Executions`, '/v1/Events'].map((path) => rest('GET', path, undefined, 'f'.repeat(32)));
    expect((await Promise.all(strange)).map(({ status }) => status)).toEqual([503, 503, 503]);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, cutAt + 2 * REMEMBERED_MS - performance.now()))); // whatever was remembered is forgotten
    network.heal();
    await eventually('an answer', async () => (await rest('GET', `/v2/Flows/${flow}`)).status === 200, PATIENCE_MS);
    expect((await rest('GET', `/v2/Flows/${flow}`, undefined, 'f'.repeat(32))).status).toBe(401);
    await ended(during);
    await sentOnce(during);
  }, 180_000);

  it('workers that are killed leave no gap in the topic of executions, and no event comes before its time; what they tell is what REST shows (A4, A11)', async () => {
    const reader = await topicReader(services.topicPrefix, EVENTS);
    const all: { to: string; sid: string }[] = [];
    const victims = [...others];
    for (let i = 0; i < 120; i++) {
      all.push(await started());
      if (i % 50 === 30) await victims.pop()?.end('SIGKILL'); // two of three; its shards are taken over
    }
    await ended(all);
    await sentOnce(all);
    const ends = (): number => new Set(reader.events.filter(({ type }) => type === 'com.twilio.studio.flow.execution.ended').map(({ data }) => data['execution_sid'])).size;
    await eventually('every end on the topic', () => ends() >= all.length + 1, PATIENCE_MS);
    await reader.consumer.disconnect();
    const shards = new Map<number, number[]>();
    for (const { shard, pos } of reader.events) {
      const seen = shards.get(shard) ?? [];
      if (pos > (seen.at(-1) ?? 0)) shards.set(shard, [...seen, pos]);
    }
    expect(shards.size).toBeGreaterThan(20);
    for (const [shard, positions] of shards) expect([shard, positions]).toEqual([shard, positions.map((_, i) => i + 1)]);
    for (const { sid } of all) {
      const told = new Map(reader.events.filter(({ type, data }) => type === 'com.twilio.studio.flow.step.ended' && data['execution_sid'] === sid).map(({ data }) => [data['step_sid'], data['name']]));
      expect([sid, await stepsOf(sid)]).toEqual([sid, [...told.values()].reverse()]);
    }
  }, 240_000);
});

/** Everything on the topic from its start, in the order of each partition, as somebody reads it who knows nothing of us. */
const topicReader = async (prefix: string, topic: string): Promise<{ readonly consumer: Consumer; readonly events: Event[] }> => {
  const consumer = (await cluster()).consumer({ groupId: `${prefix}faults.${topic}` });
  const events: Event[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: prefix + topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void events.push(JSON.parse(String(message.value)) as Event) });
  return { consumer, events };
};

const cluster = async (): Promise<Kafka> => new Kafka({ brokers: ((await testKafka()) ?? '').split(','), logLevel: logLevel.NOTHING });

/** As another service writes it. */
const trigger = async (prefix: string, data: Readonly<Record<string, string>>): Promise<void> => {
  const producer = (await cluster()).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const value = JSON.stringify({ specversion: '1.0', type: 'atelier.trigger.v1', source: '/tests', id: '1', data });
  await producer.send({ topic: `${prefix}atelier.triggers`, messages: [{ key: `${data['account_sid']}|${data['flow_sid']}|${data['to']}`, value }] });
  await producer.disconnect();
};

import { randomBytes } from 'node:crypto';
import { type RunningAtelier, type TcpProxy, eventually, kafkaProblem, newDataDir, removeAtelier, startAtelier, startTcpProxy, testKafka } from '@atelier/testing';
import { type Consumer, Kafka, Partitioners, logLevel } from 'kafkajs';
import { clientOf, phoneOf, rest } from './sample-client';
import { conversation, flowOf, say } from './sample-flows';

const PATIENCE_MS = 40_000; // other suites share the machine
const NUMBER = '+15557650009';
const describeHere = kafkaProblem() === undefined ? describe : describe.skip;
const dataDir = newDataDir('kafka');
const prefix = `atelier-${randomBytes(6).toString('hex')}.`;
const TOPICS = ['atelier.flows.events', 'atelier.credentials.events', 'atelier.executions.events', 'atelier.audit.events', 'atelier.triggers.results'];

type Event = { readonly type: string; readonly log: string; readonly shard: number; readonly pos: number; readonly subject?: string; readonly data: Readonly<Record<string, unknown>> };

describeHere('the product in one process, on a Kafka that others use too', () => {
  let product: RunningAtelier;
  let network: TcpProxy; // to the broker that it was told of, as a broker that is away at the start
  let kafka: Kafka;
  let reader: Consumer | undefined;
  const events = new Map<string, Event[]>(TOPICS.map((topic) => [topic, []]));
  const told = (topic: string, what: string, is: (event: Event) => boolean): Promise<Event> => eventually(what, () => events.get(topic)?.find(is), PATIENCE_MS);

  beforeAll(async () => {
    const brokers = await testKafka();
    if (brokers === undefined) throw new Error('expected a broker');
    kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    network = await startTcpProxy(brokers.split(',')[0] ?? '');
    network.cut('broken');
    product = await startAtelier({ dataDir, settings: { ATELIER_KAFKA_BROKERS: `127.0.0.1:${network.port}`, ATELIER_KAFKA_TOPIC_PREFIX: prefix } });
  }, 240_000);
  afterAll(async () => {
    await reader?.disconnect();
    await product?.end('SIGKILL');
    await network?.close();
    await removeAtelier(dataDir);
  }, 60_000);

  const published = async (definition: object): Promise<string> => (await clientOf(product).studio.v2.flows.create({ friendlyName: 'a flow', status: 'published', definition })).sid;
  const readyChecks = async () => ((await (await fetch(`${product.url}/health/ready`)).json()) as { checks: Record<string, string> }).checks;

  it('runs flows while no broker answers, and says that none does', async () => {
    const flow = await published(flowOf(say('greet', 'hello')));
    const { sid } = await clientOf(product).studio.v2.flows(flow).executions.create({ to: '+15551230001', from: NUMBER });
    await eventually('the end', async () => (await clientOf(product).studio.v2.flows(flow).executions(sid).fetch()).status === 'ended', PATIENCE_MS);
    expect(await phoneOf(product, '+15551230001').conversation()).toEqual(['hello']);
    expect(await readyChecks()).toMatchObject({ kafka: 'not ready', executions: 'ready' });
  }, 90_000);

  it('makes its topics once a broker answers, and publishes there all that happened', async () => {
    network.heal();
    await eventually('a broker', async () => (await readyChecks())['kafka'] === 'ready', PATIENCE_MS);
    const admin = kafka.admin();
    await admin.connect();
    await eventually('the topics', async () => (await admin.listTopics()).filter((topic) => topic.startsWith(prefix)).length >= TOPICS.length, PATIENCE_MS);
    await admin.disconnect();
    reader = kafka.consumer({ groupId: `${prefix}tests` });
    await reader.connect();
    await reader.subscribe({ topics: TOPICS.map((topic) => prefix + topic), fromBeginning: true });
    await reader.run({ eachMessage: async ({ topic, message }) => void events.get(topic.slice(prefix.length))?.push(JSON.parse(String(message.value)) as Event) });
    await told('atelier.executions.events', 'the end of the execution', ({ type }) => type === 'com.twilio.studio.flow.execution.ended');
    await told('atelier.audit.events', 'the record of the flow', ({ type }) => type === 'atelier.audit.flow.created.v1');
    await told('atelier.audit.events', 'the record of the key', ({ type }) => type === 'atelier.audit.account-api-keys.created.v1');
  }, 120_000);

  it('takes a trigger that another service wrote, once, and answers it on the topic of results', async () => {
    const flow = await published(conversation('Coffee?', 'Enjoy.'));
    const to = '+15551230002';
    const key = `${product.accountSid}|${flow}|${to}`;
    const data = { account_sid: product.accountSid, flow_sid: flow, to, from: NUMBER, idempotency_key: 'order-1' };
    const value = JSON.stringify({ specversion: '1.0', type: 'atelier.trigger.v1', source: '/orders', id: '1', data });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: `${prefix}atelier.triggers`, messages: [{ key, value }, { key, value }] });
    await producer.disconnect();
    const result = (status: string) => told('atelier.triggers.results', `the result ${status}`, (event) => event.subject === key && event.data['status'] === status);
    const started = await result('started');
    expect((await result('duplicate')).data['execution_sid']).toBe(started.data['execution_sid']);
    await eventually('the question', async () => (await phoneOf(product, to).conversation()).length > 0, PATIENCE_MS);
    expect(await phoneOf(product, to).conversation()).toEqual(['Coffee?']);
  }, 120_000);

  it('ends the executions of a flow that is deleted, and records it: its own consumers read Kafka', async () => {
    const flow = await published(conversation('Coffee?', 'Enjoy.'));
    const { sid } = await clientOf(product).studio.v2.flows(flow).executions.create({ to: '+15551230003', from: NUMBER });
    await clientOf(product).studio.v2.flows(flow).remove();
    const ending = await told('atelier.executions.events', 'the end', ({ type, data }) => type === 'com.twilio.studio.flow.execution.ended' && data['execution_sid'] === sid);
    expect(ending.data['ended_reason']).toBe('DELETED');
    await told('atelier.audit.events', 'the record of the deletion', ({ type, subject }) => type === 'atelier.audit.flow.deleted.v1' && subject === flow);
    const metrics = await (await fetch(`${product.url}/metrics`)).text();
    expect(metrics).toMatch(/atelier_consumer_lag_events\{group="audit",topic="atelier.flows.events"\} \d/);
  }, 120_000);

  it('numbers what it publishes without a gap, as its doors do over HTTP (A4)', async () => {
    for (const topic of TOPICS) {
      const positions = new Map<string, number[]>();
      for (const { shard, pos } of events.get(topic) ?? []) positions.set(`${shard}`, [...(positions.get(`${shard}`) ?? []), pos]);
      for (const each of positions.values()) expect([topic, [...new Set(each)]]).toEqual([topic, [...new Set(each)].map((_, i) => i + 1)]);
      expect([topic, (await rest(product, 'GET', `/atelier/v1/Topics/${topic}/Records?limit=1`)).status]).toEqual([topic, 200]);
    }
  }, 60_000);

  it('stops cleanly, its batches in hand finished', async () => expect(await product.end('SIGINT')).toBe(0), 60_000);
});

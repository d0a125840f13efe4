import { type RunningServices, type ServiceName, SERVICES, comparedMetrics, eventually, kafkaProblem, officialClient, startServices, testKafka } from '@atelier/testing';
import { Kafka, Partitioners, logLevel } from 'kafkajs';
import type { Twilio } from 'twilio';
import { ask, flowOf, say } from './sample-flows';

const PATIENCE_MS = 30_000; // for a busy machine; nothing below waits this long when things are right
const NUMBER = '+15557650001';
const describeHere = kafkaProblem() === undefined ? describe : describe.skip;

let services: RunningServices;
let kafka: Kafka;
let phones = 0;

type Account = { readonly sid: string; readonly token: string; readonly client: Twilio };

const clientOf = (sid: string, user: string, secret: string): Twilio => officialClient(services.url, user, secret, sid);

/** A fresh subaccount: no execution, no key, no record but what it does itself. */
const newAccount = async (): Promise<Account> => {
  const owner = clientOf(services.accountSid, services.accountSid, services.authToken);
  const { sid, authToken: token } = await owner.api.accounts.create({ friendlyName: 'sample' });
  return { sid, token, client: clientOf(sid, sid, token) };
};

const phone = (): string => `+1555${String(2_000_000 + ++phones)}`;
const published = async ({ client }: Account, definition: object): Promise<string> => (await client.studio.v2.flows.create({ friendlyName: 'sample', status: 'published', definition })).sid;
const started = async ({ client }: Account, flow: string, to = phone()) => ({ to, sid: (await client.studio.v2.flows(flow).executions.create({ to, from: NUMBER })).sid });
const ended = ({ client }: Account, flow: string, execution: string): Promise<unknown> =>
  eventually('the end of the execution', async () => (await client.studio.v2.flows(flow).executions(execution).fetch()).status === 'ended', PATIENCE_MS);

const rest = async ({ sid, token }: Account, method: string, path: string, form?: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> => {
  const headers = { authorization: `Basic ${Buffer.from(`${sid}:${token}`).toString('base64')}` };
  const answer = await fetch(services.url + path, { method, headers, ...(form && { body: new URLSearchParams(form) }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

/** What a phone got of the flow's number, oldest first. */
const heard = async (account: Account, address: string): Promise<readonly string[]> => {
  const { body } = await rest(account, 'GET', `/carrier/v1/Phones/${encodeURIComponent(address)}/Messages`);
  return (body['messages'] as { from: string; body: string }[]).filter(({ from }) => from === NUMBER).map((message) => message.body);
};

/** The account's audit records by type and reason, oldest first, once there are so many. */
const recorded = ({ client }: Account, n: number): Promise<readonly string[]> =>
  eventually(
    `${n} audit records`,
    async () => {
      const events = await client.monitor.v1.events.list({ pageSize: 1_000 });
      const of = (event: (typeof events)[number]): string => `${event.eventType} ${(event.eventData as { context: { reason?: string } }).context.reason ?? ''}`.trim();
      return events.length >= n && events.map(of).reverse();
    },
    PATIENCE_MS,
  );

type Told = { readonly type: string; readonly subject?: string; readonly data: Readonly<Record<string, unknown>> };

/** Everything on a topic until this event comes. */
const onTopic = async (topic: string, is: (event: Told) => boolean): Promise<Told> => {
  const consumer = kafka.consumer({ groupId: `${services.topicPrefix}tests.${topic}.${Math.random()}` });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: services.topicPrefix + topic, fromBeginning: true });
    return await new Promise<Told>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${topic}: the event did not come within ${PATIENCE_MS} ms`)), PATIENCE_MS);
      const take = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
        const event = JSON.parse(String(message.value)) as Told;
        if (!is(event)) return;
        clearTimeout(late);
        resolve(event);
      };
      consumer.run({ eachMessage: take }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
};

const send = async (topic: string, key: string, value: string): Promise<void> => {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic: services.topicPrefix + topic, messages: [{ key, value }] });
  await producer.disconnect();
};

describeHere('the services apart, over Kafka', () => {
  beforeAll(async () => {
    const brokers = await testKafka();
    if (brokers === undefined) throw new Error('expected a broker');
    kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    services = await startServices({ brokers, topicPrefix: `services-${process.pid}-${Date.now()}.`, settings: { ATELIER_LOG_LEVEL: 'debug' } });
  }, 240_000);
  afterAll(() => services?.close(), 60_000);

  it('are alive and ready', async () => {
    for (const name of SERVICES) {
      expect(await (await fetch(`${services.urlOf(name)}/health`)).json()).toMatchObject({ status: 'ok' });
      await eventually(`${name} to be ready`, async () => (await fetch(`${services.urlOf(name)}/health/ready`)).status === 200, PATIENCE_MS);
    }
  }, 60_000);

  it('run a flow that was created a moment ago, make the key that signs, and record all of it', async () => {
    const account = await newAccount();
    const flow = await published(account, flowOf(say('greet', 'hello')));
    const { to, sid } = await started(account, flow);
    await ended(account, flow, sid);
    expect(await heard(account, to)).toEqual(['hello']);
    const keys = await account.client.keys.list();
    expect(keys.map(({ friendlyName }) => friendlyName)).toEqual(['Studio API Key']);
    expect([...(await recorded(account, 3))].sort()).toEqual(expect.arrayContaining(['account-api-keys.created first_execution', 'account-credentials.created first_execution', 'flow.created']) as unknown);
    const told = await onTopic('atelier.audit.events', ({ data }) => JSON.stringify(data).includes(keys[0]?.sid ?? 'a key'));
    expect(JSON.stringify(told)).not.toContain(account.token);
    const ending = await onTopic('atelier.executions.events', ({ type, data }) => type === 'com.twilio.studio.flow.execution.ended' && data['execution_sid'] === sid);
    expect(ending.data).toMatchObject({ account_sid: account.sid, flow_sid: flow, status: 'ended' });
    for (const topic of ['flows', 'credentials', 'executions', 'audit']) {
      const { status, body } = await rest(account, 'GET', `/atelier/v1/Topics/atelier.${topic}.events/Records?limit=1000`);
      expect([topic, status, (body['records'] as object[]).length > 0]).toEqual([topic, 200, true]);
    }
  }, 120_000);

  it('heal a key that was deleted inside the step that needs it, with one message', async () => {
    const account = await newAccount();
    const flow = await published(account, flowOf(say('greet', 'hello')));
    const first = await started(account, flow);
    await ended(account, flow, first.sid);
    const [key] = await account.client.keys.list();
    expect(await account.client.keys(key?.sid ?? '').remove()).toBe(true);
    const second = await started(account, flow);
    await ended(account, flow, second.sid);
    expect(await heard(account, second.to)).toEqual(['hello']);
    const anew = await account.client.keys.list();
    expect([anew.length, anew[0]?.sid === key?.sid]).toEqual([1, false]);
    expect(await recorded(account, 7)).toEqual(expect.arrayContaining(['account-api-keys.deleted', 'account-api-keys.created key_missing']) as unknown);
  }, 120_000);

  it('talk with a contact who writes to a number', async () => {
    const account = await newAccount();
    const flow = await published(account, flowOf(ask('ask', 'how are you?', 'thank'), say('thank', 'thank you')));
    await account.client.incomingPhoneNumbers.create({ phoneNumber: '+15557650002', smsUrl: `${services.url}/v1/Accounts/${account.sid}/Flows/${flow}` });
    const address = phone();
    const write = (body: string) => rest(account, 'POST', `/carrier/v1/Phones/${encodeURIComponent(address)}/Messages`, { To: '+15557650002', Body: body });
    const said = async () => ((await rest(account, 'GET', `/carrier/v1/Phones/${encodeURIComponent(address)}/Messages`)).body['messages'] as { body: string }[]).map(({ body }) => body);
    await write('hi');
    await eventually('the question', async () => (await said()).includes('how are you?'), PATIENCE_MS);
    await write('fine');
    await eventually('the thanks', async () => (await said()).includes('thank you'), PATIENCE_MS);
    expect([...(await said())].sort()).toEqual(['fine', 'hi', 'how are you?', 'thank you']);
  }, 120_000);

  it('take a trigger from Kafka, once, and answer it there; what cannot be read is answered and set aside', async () => {
    const account = await newAccount();
    const flow = await published(account, flowOf(say('greet', 'hello')));
    const to = phone();
    const idempotency_key = `order-${account.sid}`;
    const key = `${account.sid}|${flow}|${to}`;
    const record = { specversion: '1.0', type: 'atelier.trigger.v1', source: '/orders', id: '1', data: { account_sid: account.sid, flow_sid: flow, to, from: NUMBER, idempotency_key } };
    await send('atelier.triggers', key, JSON.stringify(record));
    await send('atelier.triggers', key, JSON.stringify(record));
    const of = (status: string) => onTopic('atelier.triggers.results', ({ data }) => data['idempotency_key'] === idempotency_key && data['status'] === status);
    const result = await of('started');
    expect(result).toMatchObject({ subject: key, data: { account_sid: account.sid, execution_sid: expect.stringMatching(/^FN/) as string } });
    expect((await of('duplicate')).data['execution_sid']).toBe(result.data['execution_sid']);
    await eventually('the message', async () => (await heard(account, to)).length > 0, PATIENCE_MS);
    expect(await heard(account, to)).toEqual(['hello']);
    await send('atelier.triggers', 'unreadable', JSON.stringify({ data: { idempotency_key: `bad-${account.sid}` } }));
    await onTopic('atelier.triggers.results', ({ data }) => data['idempotency_key'] === `bad-${account.sid}` && data['status'] === 'rejected');
  }, 180_000);

  it('end the executions of a flow that is deleted', async () => {
    const account = await newAccount();
    const flow = await published(account, flowOf(ask('ask', 'how are you?', 'thank'), say('thank', 'thank you')));
    const { to, sid } = await started(account, flow);
    await eventually('the question', async () => (await heard(account, to)).length === 1, PATIENCE_MS);
    await account.client.studio.v2.flows(flow).remove();
    const ending = await onTopic('atelier.executions.events', ({ type, data }) => type === 'com.twilio.studio.flow.execution.ended' && data['execution_sid'] === sid);
    expect(ending.data['ended_reason']).toBe('DELETED');
    await eventually('404 for the flow', async () => (await rest(account, 'GET', `/v2/Flows/${flow}/Executions/${sid}`)).status === 404, PATIENCE_MS);
  }, 120_000);

  it('let a revoked key in nowhere, within moments', async () => {
    const account = await newAccount();
    const flow = await published(account, flowOf(say('greet', 'hello')));
    const key = await account.client.newKeys.create({ friendlyName: 'short-lived' });
    const asked = async (path: string): Promise<number> => (await rest({ ...account, sid: key.sid, token: key.secret }, 'GET', path)).status;
    const paths = [`/v2/Flows/${flow}`, `/v2/Flows/${flow}/Executions`, '/v1/Events'];
    for (const path of paths) expect(await asked(path)).toBe(200);
    await account.client.keys(key.sid).remove();
    for (const path of paths) await eventually(`401 at ${path}`, async () => (await asked(path)) === 401, PATIENCE_MS);
  }, 120_000);

  it('say 503 while nobody can tell who is calling, run on, and are whole again once somebody can', async () => {
    const account = await newAccount();
    const flow = await published(account, flowOf(ask('ask', 'how are you?', 'thank'), say('thank', 'thank you')));
    await services.end('credentials-service', 'SIGKILL');
    const stranger: Account = { ...account, sid: account.sid, token: 'f'.repeat(32) }; // never asked for, so nobody remembers an answer
    for (const path of [`/v2/Flows/${flow}`, `/v2/Flows/${flow}/Executions`, '/v1/Events']) expect((await rest(stranger, 'GET', path)).status).toBe(503);
    for (const name of ['flow-service', 'execution-api', 'execution-worker'] as const) {
      const answer = await fetch(`${services.urlOf(name)}/health/ready`);
      expect([answer.status, ((await answer.json()) as { checks: Record<string, string> }).checks['credentials-service']]).toEqual([200, 'not ready']);
    }
    await services.start('credentials-service');
    expect((await rest(stranger, 'GET', `/v2/Flows/${flow}`)).status).toBe(401);
    const { to } = await started(account, flow);
    await eventually('the question', async () => (await heard(account, to)).length === 1, PATIENCE_MS);
  }, 120_000);

  it('tell their figures: lag of consumers and topics, connections, and of workers their batches', async () => {
    const told = async (name: ServiceName): Promise<string> => (await fetch(`${services.urlOf(name)}/metrics`)).text();
    for (const name of SERVICES) expect(await told(name)).toMatch(/atelier_database_connections\{.*\} \d/);
    for (const name of ['flow-service', 'credentials-service', 'execution-worker', 'audit-service'] as const) expect(await told(name)).toMatch(/atelier_publisher_lag_events\{topic="atelier\..*"\} 0/);
    for (const part of ['consumers', 'publishers']) expect(await told('audit-service')).toContain(`atelier_kafka_up{part="${part}"} 1`);
    expect(await told('audit-service')).toContain('atelier_consumer_lag_events{group="audit",topic="atelier.flows.events"} 0');
    expect(await told('execution-worker')).toMatch(/atelier_executions_shards_owned 64\b/);
  }, 60_000);

  it('tell what the reference page says, neither more nor less', async () => {
    for (const name of SERVICES) {
      const { served, documented } = comparedMetrics(name, await (await fetch(`${services.urlOf(name)}/metrics`)).text());
      expect([name, served]).toEqual([name, documented]);
    }
  });

  it('name no secret in anything that they print', async () => {
    const account = await newAccount();
    const key = await account.client.newKeys.create({ friendlyName: 'secret' });
    await rest({ ...account, sid: key.sid, token: key.secret }, 'GET', '/v2/Flows');
    for (const secret of [services.authToken, services.internalToken, account.token, key.secret]) expect(services.output()).not.toContain(secret);
  }, 60_000);

  it('end in order when they are asked to', async () => {
    for (const name of [...SERVICES].reverse()) expect([name, await services.end(name, 'SIGTERM')]).toEqual([name, 0]);
  }, 60_000);
});

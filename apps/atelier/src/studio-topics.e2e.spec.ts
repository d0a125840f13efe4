import { type TestedProduct, endProduct, eventually, newDataDir, startProduct } from '@atelier/testing';
import { Ajv2020 } from 'ajv/dist/2020';
import type { Twilio } from 'twilio';
import { type Product, clientOf, readTopic, rest } from './sample-client';
import { conversation, flowOf } from './sample-flows';

const dataDir = newDataDir('topics');
const SLOW_MS = 20_000; // other suites share the machine
const FROM = '+15557650001';
const TOPICS = ['atelier.flows.events', 'atelier.executions.events', 'atelier.credentials.events', 'atelier.audit.events', 'atelier.triggers.results'];
const asking = conversation('Coffee?', 'Enjoy.');

let product: TestedProduct;
let client: Twilio;
let sid: string;
beforeAll(async () => {
  product = await startProduct({ dataDir, settings: { ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0' } });
  client = clientOf(product);
  sid = (await client.studio.v2.flows.create({ friendlyName: 'a flow', status: 'published', definition: asking })).sid;
}, 90_000);
afterAll(() => endProduct(product), 30_000);
jest.setTimeout(60_000);

const ids = (records: readonly { id: string }[]): string[] => records.map(({ id }) => id);

describe('records of atelier.triggers', () => {
  const record = (key: string, to: string, data: object = {}) => ({
    specversion: '1.0', type: 'atelier.trigger.v1', source: 'tests', id: key,
    data: { account_sid: product.accountSid, flow_sid: sid, to, from: FROM, idempotency_key: key, ...data },
  });
  const publish = async (records: readonly unknown[]) => {
    const { status, body } = await rest(product, 'POST', '/atelier/v1/Topics/atelier.triggers/Records', records);
    return { status, results: body['results'] as Record<string, unknown>[] };
  };

  it('start executions, are known again, give way to active ones and are rejected for a reason', async () => {
    const { status, results } = await publish([
      record('k1', '+15551230001', { parameters: { name: 'Ada' } }), record('k1', '+15551230001'), record('k2', '+15551230001'),
      record('k3', '+15551230003', { flow_sid: `FW${'0'.repeat(32)}` }), record('k4', '+15551230004', { account_sid: `AC${'0'.repeat(32)}` }), 'nonsense',
    ]);
    const execution = results[0]?.['execution_sid'] as string;
    const rejected = (key: string, code: number) => ({ idempotency_key: key, status: 'rejected', error: { code, message: expect.any(String) as string } });
    expect({ status, results }).toEqual({
      status: 200,
      results: [
        { idempotency_key: 'k1', status: 'started', execution_sid: execution }, { idempotency_key: 'k1', status: 'duplicate', execution_sid: execution },
        { idempotency_key: 'k2', status: 'conflict', conflicting_execution_sid: execution }, rejected('k3', 20404), rejected('k4', 20003), rejected('', 20001),
      ],
    });
    const started = client.studio.v2.flows(sid).executions(execution);
    expect(await started.fetch()).toMatchObject({ status: 'active', contactChannelAddress: '+15551230001', initiatedBy: expect.stringMatching(/^RQ[0-9a-f]{32}$/) });
    expect((await started.executionContext().fetch()).context).toMatchObject({ trigger: { request: { to: '+15551230001', from: FROM, parameters: { name: 'Ada' } } } });
    await started.update({ status: 'ended' });
    expect((await publish([record('k1', '+15551230001')])).results).toEqual([{ idempotency_key: 'k1', status: 'duplicate', execution_sid: execution }]);
  });

  it('of a thousand contacts are taken at once', async () => {
    const { results } = await publish(Array.from({ length: 1_000 }, (_, i) => record(`many ${i}`, `+1555200${String(i).padStart(4, '0')}`, { flow_sid: ending })));
    expect(results.filter(({ status }) => status === 'started')).toHaveLength(1_000);
    expect(new Set(results.map(({ execution_sid }) => execution_sid)).size).toBe(1_000);
  });

  let ending: string;
  beforeAll(async () => {
    ending = (await client.studio.v2.flows.create({ friendlyName: 'ends at once', status: 'published', definition: flowOf() })).sid;
  });
});

describe('the public topics', () => {
  it.each(TOPICS)('%s is read on from where the last answer ended, in steps of any size', async (topic) => {
    await client.studio.v2.flows.create({ friendlyName: 'one more fact', status: 'draft', definition: asking });
    const all = await eventually('the topic to stand still', async () => {
      const [first, second] = [await readTopic(product, topic), await readTopic(product, topic)];
      return first.records.length === second.records.length && first;
    }, SLOW_MS);
    const inSteps = await readTopic(product, topic, '', 97);
    expect(new Set(ids(inSteps.records))).toEqual(new Set(ids(all.records)));
    expect(inSteps.records).toHaveLength(all.records.length);
    expect(inSteps.next).toBe(all.next);
    expect((await readTopic(product, topic, all.next)).records).toEqual([]);
  });

  it('tell what came after a position, once', async () => {
    const { next } = await readTopic(product, 'atelier.executions.events');
    const execution = await client.studio.v2.flows(sid).executions.create({ to: '+15551230010', from: FROM });
    const told = async () => (await readTopic(product, 'atelier.executions.events', next)).records.filter(({ subject }) => subject === execution.sid).map(({ type }) => type);
    await eventually('both facts', async () => (await told()).length === 2, SLOW_MS);
    expect(await told()).toEqual(['com.twilio.studio.flow.execution.started', 'com.twilio.studio.flow.step.ended']);
  });

  it('show an account its own facts only', async () => {
    const { sid: accountSid, authToken } = await client.api.v2010.accounts.create({ friendlyName: 'somebody else' });
    const other: Product = { url: product.url, accountSid, authToken };
    for (const topic of TOPICS) for (const { data } of (await readTopic(other, topic)).records) expect(data).toMatchObject({ account_sid: accountSid });
    expect(await rest(product, 'GET', '/atelier/v1/Topics/atelier.nothing/Records')).toMatchObject({ status: 404, body: { code: 20404 } });
  });
});

describe('the documents', () => {
  it('hold a schema that compiles for each of the 26 widgets and for a whole flow, which accepts what the API accepts', async () => {
    const { schemas } = (await rest(product, 'GET', '/schemas')).body as { schemas: string[] };
    expect(schemas.filter((url) => url.startsWith(`${product.url}/schemas/widgets/`))).toHaveLength(26);
    for (const url of schemas) {
      const isValid = new Ajv2020({ strictRequired: false }).compile((await rest(product, 'GET', url.replace(product.url, ''))).body);
      if (url.endsWith('/flow-definition.json')) expect([isValid(asking), isValid({ ...asking, states: 1 })]).toEqual([true, false]);
    }
  });

  it('describe every route of the reference once, with the parameters of its path', async () => {
    type Operation = { operationId: string; parameters: { in: string; name: string }[] };
    const { openapi, paths } = (await rest(product, 'GET', '/openapi.json')).body as { openapi: string; paths: Record<string, Record<string, Operation>> };
    const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
    const of = (path: string): string[] => operations.filter((each) => each.path.replace(/\{\w+\}/g, '{}') === path).map(({ method }) => method).sort();
    expect(openapi).toBe('3.1.0');
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations)
      expect(operation.parameters.filter((each) => each.in === 'path').map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
    for (const [path, methods] of REFERENCE) expect([path, of(path)]).toEqual([path, methods]);
  });
});

const READ = ['get'];
const EXECUTIONS = ['v2/Flows/{}/Executions', 'v1/Flows/{}/Executions', 'v1/Flows/{}/Engagements'];
const REFERENCE: readonly (readonly [string, readonly string[]])[] = [
  ['/v2/Flows', ['get', 'post']], ['/v2/Flows/Validate', ['post']], ['/v2/Flows/{}', ['delete', 'get', 'post']], ['/v2/Flows/{}/Revisions', READ], ['/v2/Flows/{}/Revisions/{}', READ],
  ['/v2/Flows/{}/TestUsers', ['get', 'post']], ['/v1/Flows', READ], ['/v1/Flows/{}', ['delete', 'get']], ['/v1/Accounts/{}/Flows/{}', ['get', 'post']],
  ...EXECUTIONS.flatMap((path): (readonly [string, readonly string[]])[] => [
    [`/${path}`, ['get', 'post']], [`/${path}/{}`, path.endsWith('Engagements') ? ['delete', 'get'] : ['delete', 'get', 'post']],
    ...['Context', 'Steps', 'Steps/{}', 'Steps/{}/Context'].map((last) => [`/${path}/{}/${last}`, READ] as const),
  ]),
  ['/atelier/v1/Flows/Import', ['post']], ['/atelier/v1/Topics/atelier.triggers/Records', ['post']], ...TOPICS.map((topic) => [`/atelier/v1/Topics/${topic}/Records`, READ] as const),
  ['/health', READ], ['/openapi.json', READ], ['/schemas', READ], ['/schemas/{}', READ], ['/v1/Events', READ],
];

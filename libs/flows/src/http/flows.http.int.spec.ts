import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { createHash } from 'node:crypto';
import twilio from 'twilio';
import { FLOWS_MIGRATIONS } from '../flows-config';
import { ACCOUNT, KEY, STRANGER, sampleDefinition, secretOf, startSampleApp } from './sample-app';

// The official client rewrites host names by these.
delete process.env['TWILIO_REGION'];
delete process.env['TWILIO_EDGE'];

type Failure = { status: number; code: number; message: string; details?: { errors: { property_path: string; message: string }[]; warnings: unknown[] } };

let database: Database;
let app: Awaited<ReturnType<typeof startSampleApp>>;
let client: twilio.Twilio;
let stranger: twilio.Twilio;

const clientOf = (user: string): twilio.Twilio => {
  const made = user.startsWith('SK') ? twilio(user, secretOf(user), { accountSid: ACCOUNT }) : twilio(user, secretOf(user));
  made.studio.baseUrl = app.url;
  return made;
};
const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${secretOf(user)}`).toString('base64')}` });

beforeAll(async () => {
  database = await testDatabase({ schema: 'flows', migrations: FLOWS_MIGRATIONS });
  app = await startSampleApp(database);
  [client, stranger] = [clientOf(ACCOUNT), clientOf(STRANGER)];
}, 120_000);
afterAll(async () => {
  await app?.close();
  await database?.close();
});

const failureOf = (promise: Promise<unknown>): Promise<Failure> =>
  promise.then(
    (value) => Promise.reject(new Error(`expected a failure, found ${JSON.stringify(value)}`)),
    (error: Failure) => error,
  );
const raw = async (method: string, path: string, form?: Record<string, string> | string, headers: Record<string, string> = {}) => {
  const body = form === undefined ? undefined : typeof form === 'string' ? form : new URLSearchParams(form).toString();
  const answer = await fetch(app.url + path, {
    method,
    headers: { ...basic(ACCOUNT), ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: (text === '' ? undefined : JSON.parse(text)) as Record<string, unknown> };
};
const draft = (friendlyName = 'a flow', definition: unknown = sampleDefinition()) => ({ friendlyName, status: 'draft' as const, definition });
const formOf = (definition: unknown, more: Record<string, string> = {}) => ({ FriendlyName: 'f', Status: 'draft', Definition: typeof definition === 'string' ? definition : JSON.stringify(definition), ...more });
const MISSING = `FW${'0'.repeat(32)}`;

describe('the official client', () => {
  it('creates a draft, fetches it, publishes it by status alone, and removes it', async () => {
    const created = await client.studio.v2.flows.create({ ...draft('first'), commitMessage: 'begin' });
    expect(created).toMatchObject({ friendlyName: 'first', status: 'draft', revision: 1, commitMessage: 'begin', valid: true, errors: [], accountSid: ACCOUNT, authorSid: null });
    const fetched = await client.studio.v2.flows(created.sid).fetch();
    expect(fetched.definition).toEqual(JSON.parse(JSON.stringify(sampleDefinition())));
    const published = await client.studio.v2.flows(created.sid).update({ status: 'published' });
    expect(published).toMatchObject({ status: 'published', revision: 2, friendlyName: 'first', commitMessage: null });
    expect(published.definition).toEqual(fetched.definition);
    expect(await client.studio.v2.flows(created.sid).remove()).toBe(true);
    expect(await failureOf(client.studio.v2.flows(created.sid).fetch())).toMatchObject({ status: 404, code: 20404 });
  });

  it('follows three pages on our host', async () => {
    for (const name of ['page 1', 'page 2', 'page 3']) await client.studio.v2.flows.create(draft(name));
    const listed = await client.studio.v2.flows.list({ limit: 3, pageSize: 1 });
    expect(listed.map(({ friendlyName }) => friendlyName)).toEqual(['page 3', 'page 2', 'page 1']);
    expect(listed[0]).toMatchObject({ definition: null, valid: null, errors: null, warnings: null });
  });

  it('validates: definitions without states and with a dangling next are refused with the place of the mistake', async () => {
    const validate = (definition: unknown) => client.studio.v2.flowValidate.update({ friendlyName: 'f', status: 'draft', definition });
    expect(await validate(sampleDefinition())).toMatchObject({ valid: true });
    const { states: _, ...stateless } = sampleDefinition();
    expect(await failureOf(validate(stateless))).toMatchObject({ status: 400, code: 81022, details: { errors: expect.arrayContaining([{ property_path: '#/states', message: 'is missing but it is required' }]) } });
    const dangling = { ...sampleDefinition(), states: sampleDefinition(0).states.map((state) => ({ ...state, transitions: [{ event: 'incomingMessage', next: 'nowhere' }] })) };
    expect(await failureOf(validate(dangling))).toMatchObject({ status: 400, code: 81022, details: { errors: [{ property_path: '#/states/0/transitions/0/next' }] } });
  });

  it('works with an API key', async () => {
    expect(await clientOf(KEY).studio.v2.flows.create(draft('by key'))).toMatchObject({ accountSid: ACCOUNT, friendlyName: 'by key' });
  });

  it('reads revisions one by one', async () => {
    const { sid } = await client.studio.v2.flows.create({ ...draft(), commitMessage: 'one' });
    await client.studio.v2.flows(sid).update({ status: 'published' });
    await client.studio.v2.flows(sid).update({ status: 'draft', friendlyName: 'renamed' });
    const of = (revision: string) => client.studio.v2.flows(sid).revisions(revision).fetch();
    expect(await of('1')).toMatchObject({ sid, revision: 1, status: 'draft', commitMessage: 'one', url: `${app.url}/v2/Flows/${sid}/Revisions/1` });
    expect(await of('LatestPublished')).toMatchObject({ revision: 2, status: 'published', friendlyName: 'a flow' });
    expect(await of('LatestRevision')).toMatchObject({ revision: 3, status: 'draft', friendlyName: 'renamed', valid: true, errors: [] });
  });

  it('replaces and reads test users', async () => {
    const { sid } = await client.studio.v2.flows.create(draft());
    const users = client.studio.v2.flows(sid).testUsers();
    expect((await users.fetch()).testUsers).toEqual([]);
    expect((await users.update({ testUsers: ['+14155551212', '+14155551213', '+14155551212'] })).testUsers).toEqual(['+14155551212', '+14155551213']);
    expect(await users.fetch()).toMatchObject({ sid, testUsers: ['+14155551212', '+14155551213'], url: `${app.url}/v2/Flows/${sid}/TestUsers` });
    expect((await users.update({ testUsers: [''] })).testUsers).toEqual([]);
  });

  it('lists, fetches and removes in v1', async () => {
    const { sid } = await client.studio.v2.flows.create(draft('old'));
    const url = `${app.url}/v1/Flows/${sid}`;
    expect(await client.studio.v1.flows(sid).fetch()).toMatchObject({ sid, accountSid: ACCOUNT, friendlyName: 'old', version: 1, url, links: { executions: `${url}/Executions`, engagements: `${url}/Engagements` } });
    expect((await client.studio.v1.flows.list({ limit: 1 }))[0]).toMatchObject({ sid });
    expect(await client.studio.v1.flows(sid).remove()).toBe(true);
    expect(await failureOf(client.studio.v1.flows(sid).fetch())).toMatchObject({ status: 404, message: `The requested resource /v1/Flows/${sid} was not found` });
  });
});

describe('the Flow resource', () => {
  it('has every property of the reference', async () => {
    const { status, body } = await raw('POST', '/v2/Flows', formOf(sampleDefinition()));
    const [sid, url] = [body['sid'] as string, `${app.url}/v2/Flows/${body['sid'] as string}`];
    const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string;
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        sid, account_sid: ACCOUNT, author_sid: null, friendly_name: 'f', definition: JSON.parse(JSON.stringify(sampleDefinition())), status: 'draft', revision: 1,
        commit_message: null, valid: true, errors: [], warnings: [], date_created: date, date_updated: body['date_created'], url,
        webhook_url: `${app.url}/v1/Accounts/${ACCOUNT}/Flows/${sid}`,
        links: { revisions: `${url}/Revisions`, test_users: `${url}/TestUsers`, executions: `${url}/Executions` },
      },
    });
  });

  it('gives the definition back as it was posted: key order, spelling of numbers, escapes, unknown keys', async () => {
    const text = `{ "z" : 1.0, "a":{"10":1e2,"9":"\\u0000 \\ud800"}, ${JSON.stringify(sampleDefinition()).slice(1)}`;
    const created = await raw('POST', '/v2/Flows', formOf(text));
    expect(created.status).toBe(201);
    for (const path of ['', '/Revisions/1', '/Revisions/LatestRevision']) {
      const { text: answer } = await raw('GET', `/v2/Flows/${created.body['sid'] as string}${path}`);
      expect(answer).toContain(`"definition":${text}`);
    }
  });

  it('shows commit messages in lists, texts not', async () => {
    const { body } = await raw('POST', '/v2/Flows', formOf(sampleDefinition(), { CommitMessage: 'why' }));
    const sid = body['sid'] as string;
    await raw('POST', `/v2/Flows/${sid}`, { Status: 'published', CommitMessage: 'ship' });
    const flows = (await raw('GET', '/v2/Flows?PageSize=1')).body['flows'] as object[];
    expect(flows).toMatchObject([{ sid, commit_message: 'ship', revision: 2, definition: null, valid: null, errors: null, warnings: null }]);
    const { body: list } = await raw('GET', `/v2/Flows/${sid}/Revisions`);
    expect(list['meta']).toMatchObject({ key: 'revisions', page_size: 50, next_page_url: null });
    expect(list['revisions']).toMatchObject([
      { sid, revision: 2, commit_message: 'ship', status: 'published', definition: null, valid: null, errors: null, url: `${app.url}/v2/Flows/${sid}/Revisions/2` },
      { sid, revision: 1, commit_message: 'why', status: 'draft' },
    ]);
    for (const name of ['warnings', 'links', 'webhook_url']) expect((list['revisions'] as object[])[0]).not.toHaveProperty(name);
  });
});

describe('400', () => {
  const message = async (path: string, form: Record<string, string> | string) => {
    const { status, body } = await raw('POST', path, form);
    return { status, code: body['code'], message: body['message'] };
  };
  const missing = (name: string) => ({ status: 400, code: 20001, message: `Missing required parameter ${name} in the post body` });

  it('for what is missing', async () => {
    const { FriendlyName, Status, Definition } = formOf(sampleDefinition());
    expect(await message('/v2/Flows', { Status, Definition })).toEqual(missing('FriendlyName'));
    expect(await message('/v2/Flows', { FriendlyName, Definition })).toEqual(missing('Status'));
    expect(await message('/v2/Flows', { FriendlyName, Status })).toEqual(missing('Definition'));
    expect(await message(`/v2/Flows/${MISSING}`, {})).toEqual(missing('Status'));
    expect(await message(`/v2/Flows/${MISSING}/TestUsers`, {})).toEqual(missing('TestUsers'));
    expect(await message('/v2/Flows/Validate', {})).toMatchObject({ status: 400, code: 20001 });
  });

  it.each([
    [{ FriendlyName: '' }],
    [{ FriendlyName: 'x'.repeat(256) }],
    [{ FriendlyName: 'a\u0000' }],
    [{ Status: 'Published' }],
    [{ Definition: '{' }],
    [{ Definition: '{"a":"\u0000"}' }],
    [{ Definition: '['.repeat(100_000) }],
    [{ Definition: `{"a":"${'x'.repeat(1_100_000)}"}` }],
  ])('20001 for bad parameters, and nothing is saved', async (wrong) => {
    const before = await app.core.store.end();
    expect(await message('/v2/Flows', formOf(sampleDefinition(), wrong))).toMatchObject({ status: 400, code: 20001 });
    expect(await app.core.store.end()).toBe(before);
  });

  it.each(['null', '[]', '1', '"x"', '{}', '{"states":[null],"initial_state":1}'])('81022 for a definition that is %s, in both statuses', async (text) => {
    const before = await app.core.store.end();
    for (const Status of ['draft', 'published']) {
      const { status, body } = await raw('POST', '/v2/Flows', formOf(text, { Status }));
      expect({ status, body }).toMatchObject({ status: 400, body: { code: 81022, message: 'Flow definition validation failed, check `details` for more information', details: { warnings: [] } } });
    }
    expect(await app.core.store.end()).toBe(before);
  });

  it('81021 for a revision that is none', async () => {
    const { body } = await raw('POST', '/v2/Flows', formOf(sampleDefinition()));
    for (const name of ['latest', '-1', '1.5', 'latestpublished', '%00'])
      expect((await raw('GET', `/v2/Flows/${body['sid'] as string}/Revisions/${name}`)).body).toMatchObject({ code: 81021, status: 400 });
  });

  it('20001 for page sizes and tokens that are none', async () => {
    for (const query of ['PageSize=0', 'PageSize=x', 'PageToken=abc']) expect((await raw('GET', `/v2/Flows?${query}`)).body).toMatchObject({ code: 20001, status: 400 });
  });

  it.each([
    ['a year that the database does not know', '0000-01-01T00:00:00Z', MISSING],
    ['a time of five thousand digits', `2026-01-01T00:00:00.${'1'.repeat(5_000)}Z`, MISSING],
    ['an identifier that cannot be stored', '2026-01-01T00:00:00Z', 'FW\u0000'],
  ])('20001 for a token that was forged with %s', async (_, time, sid) => {
    const json = JSON.stringify(['next', [time, sid]]);
    const token = Buffer.from(createHash('sha256').update(`/v2/Flows\n${json}`).digest('hex').slice(0, 12) + json).toString('base64url');
    expect((await raw('GET', `/v2/Flows?PageToken=${token}`)).body).toMatchObject({ code: 20001, status: 400 });
  });
});

describe('401', () => {
  it('without credentials, and with wrong ones', async () => {
    expect((await fetch(`${app.url}/v2/Flows`)).status).toBe(401);
    expect((await raw('GET', '/v2/Flows', undefined, { authorization: `Basic ${Buffer.from(`${ACCOUNT}:x`).toString('base64')}` })).body).toEqual({
      code: 20003, message: 'Authenticate', more_info: 'https://www.twilio.com/docs/errors/20003', status: 401,
    });
  });
});

describe('404', () => {
  it("for another account's flow, whatever is asked; nothing changes, and every attempt to change is recorded", async () => {
    const { sid } = await client.studio.v2.flows.create(draft('mine'));
    const theirs = stranger.studio.v2.flows(sid);
    const before = await app.core.store.end();
    const unchanged = await client.studio.v2.flows(sid).fetch();
    const attempts = [
      () => theirs.fetch(), () => theirs.update({ status: 'published' }), () => theirs.update({ status: 'draft', definition: sampleDefinition() }), () => theirs.remove(),
      () => theirs.revisions('1').fetch(), () => theirs.testUsers().fetch(), () => theirs.testUsers().update({ testUsers: ['+1'] }),
      () => stranger.studio.v1.flows(sid).fetch(), () => stranger.studio.v1.flows(sid).remove(),
    ];
    for (const attempt of attempts) expect(await failureOf(attempt())).toMatchObject({ status: 404, code: 20404 });
    expect((await raw('GET', `/v2/Flows/${sid}/Revisions`, undefined, basic(STRANGER))).status).toBe(404);
    expect((await stranger.studio.v2.flows.list()).map((flow) => flow.sid)).not.toContain(sid);
    expect((await client.studio.v2.flows(sid).fetch()).toJSON()).toEqual(unchanged.toJSON());
    const recorded = await app.core.topic.read(0, before, 100);
    expect(recorded.map(({ type, subject, meta }) => [type, subject, meta?.['accountSid']])).toEqual(
      ['update', 'update', 'delete', 'update', 'delete'].map((action) => [`flow.${action}-denied`, sid, STRANGER]),
    );
  });

  it('for a flow that is gone, before any word about the definition', async () => {
    const { sid } = await client.studio.v2.flows.create(draft());
    await client.studio.v2.flows(sid).remove();
    const before = await app.core.store.end();
    expect(await failureOf(client.studio.v2.flows(sid).update({ status: 'draft', definition: {} }))).toMatchObject({ status: 404 });
    expect(await failureOf(client.studio.v2.flows(sid).remove())).toMatchObject({ status: 404 });
    expect(await app.core.store.end()).toBe(before);
  });

  it('for what does not exist, with the path in the message', async () => {
    expect(await failureOf(client.studio.v2.flows(MISSING).fetch())).toMatchObject({ status: 404, code: 20404, message: `The requested resource /v2/Flows/${MISSING} was not found` });
    const { sid } = await client.studio.v2.flows.create(draft());
    for (const name of ['0', '2', '99999999999', 'LatestPublished']) expect((await raw('GET', `/v2/Flows/${sid}/Revisions/${name}`)).body).toMatchObject({ code: 20404, status: 404 });
    for (const path of ['/v2/Flows/FW1', `/v2/Flows/AC${'0'.repeat(32)}`, '/v2/Nothing']) expect((await raw('GET', path)).body).toMatchObject({ code: 20404, message: `The requested resource ${path} was not found` });
  });
});

describe('405, 413, 415', () => {
  it('are answered in the error form', async () => {
    expect((await raw('PUT', '/v2/Flows', {})).body).toMatchObject({ code: 20004, status: 405 });
    expect((await raw('POST', '/v2/Flows', `Definition=${'x'.repeat(4 * 1024 * 1024)}`)).body).toMatchObject({ code: 20001, status: 413 });
    expect((await raw('POST', '/v2/Flows', '<a/>', { 'content-type': 'text/xml' })).body).toMatchObject({ code: 20001, status: 415 });
  });
});

describe('412', () => {
  it('for a save or a removal that names another revision than the latest', async () => {
    const { sid } = await client.studio.v2.flows.create(draft());
    const save = (match: string) => raw('POST', `/v2/Flows/${sid}`, { Status: 'draft' }, { 'if-match': match });
    expect((await save('"1"')).body).toMatchObject({ revision: 2 });
    expect((await save('"1"')).body).toMatchObject({ code: 20412, status: 412 });
    expect((await save('nonsense')).body).toMatchObject({ code: 20412, status: 412, message: 'If-Match does not name the latest revision, which is 2' });
    expect((await save('W/"2"')).body).toMatchObject({ revision: 3 });
    expect((await save('*')).body).toMatchObject({ revision: 4 });
    expect((await raw('DELETE', `/v2/Flows/${sid}`, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await raw('DELETE', `/v2/Flows/${sid}`, undefined, { 'if-match': '4' })).status).toBe(204);
  });
});

describe('saves at the same moment', () => {
  it('never share a revision number', async () => {
    const { sid } = await client.studio.v2.flows.create(draft());
    const saved = await Promise.all(Array.from({ length: 20 }, (_, i) => raw('POST', `/v2/Flows/${sid}`, { Status: 'draft', FriendlyName: `name ${i}` })));
    expect(saved.map(({ body }) => body['revision'] as number).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2));
    for (const { body } of saved) {
      const { body: revision } = await raw('GET', `/v2/Flows/${sid}/Revisions/${body['revision'] as number}`);
      expect(revision['friendly_name']).toBe(body['friendly_name']);
    }
  });
});

describe('widgets of subflows', () => {
  const withSubflows = (sid: string, times: number, revision = 'LatestPublished') => {
    const parent = sampleDefinition(1);
    const calls = Array.from({ length: times }, (_, i) => ({ name: `sub_${i}`, type: 'run-subflow', transitions: [{ event: 'completed' }, { event: 'failed' }], properties: { offset: { x: 0, y: 0 }, flow_sid: sid, flow_revision: revision, parameters: [] } }));
    return { ...parent, states: [...parent.states, ...calls] };
  };

  it('beyond 2,000 are a warning at save and forbid publishing', async () => {
    const sub = await client.studio.v2.flows.create({ ...draft('sub', sampleDefinition(999)), status: 'published' });
    const two = await client.studio.v2.flows.create({ ...draft('parent', withSubflows(sub.sid.toUpperCase(), 1)), status: 'published' });
    expect(two.warnings).not.toMatchObject([{ code: '81025' }]);
    const many = withSubflows(sub.sid, 2);
    const parent = await client.studio.v2.flows.create(draft('parent', many));
    expect(parent.valid).toBe(true);
    expect(parent.warnings).toEqual(expect.arrayContaining([expect.objectContaining({ code: '81025' })]));
    const failures = [
      await failureOf(client.studio.v2.flows(parent.sid).update({ status: 'published' })),
      await failureOf(client.studio.v2.flows.create({ ...draft('parent', many), status: 'published' })),
    ];
    for (const failure of failures) expect(failure).toMatchObject({ status: 400, code: 81022, details: { errors: [{ property_path: '#/states', code: '81025' }] } });
    expect(await client.studio.v2.flows(parent.sid).fetch()).toMatchObject({ revision: 1, status: 'draft' });
  });

  it('are counted anew when the flow is published', async () => {
    const sub = await client.studio.v2.flows.create({ ...draft('sub', sampleDefinition(1)), status: 'published' });
    const parent = await client.studio.v2.flows.create(draft('parent', withSubflows(sub.sid, 3)));
    await client.studio.v2.flows(sub.sid).update({ status: 'published', definition: sampleDefinition(900) });
    expect(await failureOf(client.studio.v2.flows(parent.sid).update({ status: 'published' }))).toMatchObject({ code: 81022 });
  });
});

describe('POST /atelier/v1/Flows/Import', () => {
  const path = '/atelier/v1/Flows/Import';
  const broken = (): object => ({
    ...sampleDefinition(0),
    states: [
      { name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingMessage', next: 'ask' }], properties: { offset: { x: 0, y: 0 } } },
      { name: 'ask', type: 'send-and-wait-for-reply', transitions: [{ event: 'incomingMessage', next: 'gone' }, { event: 'timeout' }, { event: 'deliveryFailure' }], properties: { offset: { x: 0, y: 0 }, from: '{{flow.channel.address}}', body: 'x', timeout: 3600 } },
    ],
  });

  it('201: coerces what is certain and keeps dangling ends as an invalid draft, which cannot be published', async () => {
    const { status, body } = await raw('POST', path, formOf(broken()));
    expect(status).toBe(201);
    expect(body).toMatchObject({ valid: false, status: 'draft', revision: 1, errors: [{ property_path: '#/states/1/transitions/0/next' }] });
    expect(body['warnings']).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'coerced' })]));
    const sid = body['sid'] as string;
    const published = await raw('POST', `/v2/Flows/${sid}`, { Status: 'published' });
    expect(published.body).toMatchObject({ code: 81022, status: 400, details: { errors: [{ property_path: '#/states/1/transitions/0/next' }] } });
    expect((await raw('POST', `/v2/Flows/${sid}`, { Status: 'draft', FriendlyName: 'renamed' })).body).toMatchObject({ valid: false, revision: 2 });
    expect(await app.core.directory.resolve(ACCOUNT, sid as `FW${string}`, 'LatestRevision')).toBeUndefined();
  });

  it('201: ends dangling branches on request, so that the flow can be published', async () => {
    const { status, body } = await raw('POST', path, formOf(broken(), { DanglingNext: 'end', Status: 'published' }));
    expect({ status, body }).toMatchObject({ status: 201, body: { valid: true, errors: [], status: 'published' } });
  });

  it('201: keeps the identifier while it is free, also from JSON with the definition as an object', async () => {
    const FlowSid = `FW${'9'.repeat(31)}A`;
    const json = JSON.stringify({ FriendlyName: 'kept', Definition: sampleDefinition(), FlowSid, Coerce: false });
    const kept = await raw('POST', path, json, { 'content-type': 'application/json' });
    expect(kept).toMatchObject({ status: 201, body: { sid: FlowSid.toLowerCase().replace('fw', 'FW'), status: 'draft', valid: true } });
    expect((await raw('POST', path, json, { 'content-type': 'application/json' })).body).toMatchObject({ code: 20409, status: 409 });
  });

  it('400: what is no flow at all, and publishing with errors', async () => {
    expect((await raw('POST', path, formOf('{}'))).body).toMatchObject({ code: 81022, status: 400 });
    expect((await raw('POST', path, formOf(broken(), { Status: 'published' }))).body).toMatchObject({ code: 81022, status: 400 });
    expect((await raw('POST', path, formOf(sampleDefinition(), { FlowSid: 'FW1' }))).body).toMatchObject({ code: 20001, status: 400 });
    expect((await raw('POST', path, formOf(sampleDefinition(), { DanglingNext: 'cut' }))).body).toMatchObject({ code: 20001, status: 400 });
    expect((await raw('POST', path, formOf(sampleDefinition(), { Coerce: 'maybe' }))).body).toMatchObject({ code: 20001, status: 400 });
  });
});

describe('documents', () => {
  it('every widget type has its schema, every route its place in the OpenAPI document', async () => {
    const { schemas } = (await (await fetch(`${app.url}/schemas`)).json()) as { schemas: string[] };
    expect(schemas.filter((url) => url.includes('/schemas/widgets/'))).toHaveLength(26);
    for (const url of schemas) expect((await fetch(url)).status).toBe(200);
    const { paths } = (await (await fetch(`${app.url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/v2/Flows', '/v2/Flows/Validate', '/v2/Flows/{sid}', '/v2/Flows/{sid}/Revisions/{revision}', '/v2/Flows/{sid}/TestUsers', '/v1/Flows/{sid}', '/atelier/v1/Flows/Import']),
    );
  });
});

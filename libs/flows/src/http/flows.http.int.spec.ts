import 'reflect-metadata';
import { createHash } from 'node:crypto';
import type { Database } from '@atelier/platform';
import { officialClient, refusalOf, testDatabase } from '@atelier/testing';
import type { Twilio } from 'twilio';
import { FLOWS_MIGRATIONS } from '../flows-config';
import { ACCOUNT, MISSING, STRANGER, type SampleApp, basic, draft, formOf, sampleDefinition, secretOf, startSampleApp } from './sample-app';

let database: Database;
let app: SampleApp;
let client: Twilio;
let stranger: Twilio;
beforeAll(async () => {
  database = await testDatabase({ schema: 'flows', migrations: FLOWS_MIGRATIONS });
  app = await startSampleApp(database);
  [client, stranger] = [officialClient(app.url, ACCOUNT, secretOf(ACCOUNT)), officialClient(app.url, STRANGER, secretOf(STRANGER))];
}, 120_000);
afterAll(async () => {
  await app?.close();
  await database?.close();
});

describe('the Flow resource', () => {
  it('has every property of the reference', async () => {
    const { status, body } = await app.ask('POST', '/v2/Flows', formOf(sampleDefinition()));
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
    const created = await app.ask('POST', '/v2/Flows', formOf(text));
    expect(created.status).toBe(201);
    for (const path of ['', '/Revisions/1', '/Revisions/LatestRevision']) {
      const { text: answer } = await app.ask('GET', `/v2/Flows/${created.body['sid'] as string}${path}`);
      expect(answer).toContain(`"definition":${text}`);
    }
  });

  it('shows commit messages in lists, texts not', async () => {
    const { body } = await app.ask('POST', '/v2/Flows', formOf(sampleDefinition(), { CommitMessage: 'why' }));
    const sid = body['sid'] as string;
    await app.ask('POST', `/v2/Flows/${sid}`, { Status: 'published', CommitMessage: 'ship' });
    const flows = (await app.ask('GET', '/v2/Flows?PageSize=1')).body['flows'] as object[];
    expect(flows).toMatchObject([{ sid, commit_message: 'ship', revision: 2, definition: null, valid: null, errors: null, warnings: null }]);
    const { body: list } = await app.ask('GET', `/v2/Flows/${sid}/Revisions`);
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
    const { status, body } = await app.ask('POST', path, form);
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
      const { status, body } = await app.ask('POST', '/v2/Flows', formOf(text, { Status }));
      expect({ status, body }).toMatchObject({ status: 400, body: { code: 81022, message: 'Flow definition validation failed, check `details` for more information', details: { warnings: [] } } });
    }
    expect(await app.core.store.end()).toBe(before);
  });

  it('81021 for a revision that is none', async () => {
    const { body } = await app.ask('POST', '/v2/Flows', formOf(sampleDefinition()));
    for (const name of ['latest', '-1', '1.5', 'latestpublished', '%00'])
      expect((await app.ask('GET', `/v2/Flows/${body['sid'] as string}/Revisions/${name}`)).body).toMatchObject({ code: 81021, status: 400 });
  });

  it('20001 for page sizes and tokens that are none', async () => {
    for (const query of ['PageSize=0', 'PageSize=x', 'PageToken=abc']) expect((await app.ask('GET', `/v2/Flows?${query}`)).body).toMatchObject({ code: 20001, status: 400 });
  });

  it.each([
    ['a year that the database does not know', '0000-01-01T00:00:00Z', MISSING],
    ['a time of five thousand digits', `2026-01-01T00:00:00.${'1'.repeat(5_000)}Z`, MISSING],
    ['an identifier that cannot be stored', '2026-01-01T00:00:00Z', 'FW\u0000'],
  ])('20001 for a token that was forged with %s', async (_, time, sid) => {
    const json = JSON.stringify(['next', [time, sid]]);
    const token = Buffer.from(createHash('sha256').update(`/v2/Flows\n${json}`).digest('hex').slice(0, 12) + json).toString('base64url');
    expect((await app.ask('GET', `/v2/Flows?PageToken=${token}`)).body).toMatchObject({ code: 20001, status: 400 });
  });
});

describe('401', () => {
  it('without credentials, and with wrong ones', async () => {
    expect((await fetch(`${app.url}/v2/Flows`)).status).toBe(401);
    expect((await app.ask('GET', '/v2/Flows', undefined, { authorization: `Basic ${Buffer.from(`${ACCOUNT}:x`).toString('base64')}` })).body).toEqual({
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
    for (const attempt of attempts) expect(await refusalOf(attempt())).toMatchObject({ status: 404, code: 20404 });
    expect((await app.ask('GET', `/v2/Flows/${sid}/Revisions`, undefined, basic(STRANGER))).status).toBe(404);
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
    expect(await refusalOf(client.studio.v2.flows(sid).update({ status: 'draft', definition: {} }))).toMatchObject({ status: 404 });
    expect(await refusalOf(client.studio.v2.flows(sid).remove())).toMatchObject({ status: 404 });
    expect(await app.core.store.end()).toBe(before);
  });

  it('for what does not exist, with the path in the message', async () => {
    expect(await refusalOf(client.studio.v2.flows(MISSING).fetch())).toMatchObject({ status: 404, code: 20404, message: `The requested resource /v2/Flows/${MISSING} was not found` });
    const { sid } = await client.studio.v2.flows.create(draft());
    for (const name of ['0', '2', '99999999999', 'LatestPublished']) expect((await app.ask('GET', `/v2/Flows/${sid}/Revisions/${name}`)).body).toMatchObject({ code: 20404, status: 404 });
    for (const path of ['/v2/Flows/FW1', `/v2/Flows/AC${'0'.repeat(32)}`, '/v2/Nothing']) expect((await app.ask('GET', path)).body).toMatchObject({ code: 20404, message: `The requested resource ${path} was not found` });
  });
});

describe('405, 413, 415', () => {
  it('are answered in the error form', async () => {
    expect((await app.ask('PUT', '/v2/Flows', {})).body).toMatchObject({ code: 20004, status: 405 });
    expect((await app.ask('POST', '/v2/Flows', `Definition=${'x'.repeat(4 * 1024 * 1024)}`)).body).toMatchObject({ code: 20001, status: 413 });
    expect((await app.ask('POST', '/v2/Flows', '<a/>', { 'content-type': 'text/xml' })).body).toMatchObject({ code: 20001, status: 415 });
  });
});

describe('412', () => {
  it('for a save or a removal that names another revision than the latest', async () => {
    const { sid } = await client.studio.v2.flows.create(draft());
    const save = (match: string) => app.ask('POST', `/v2/Flows/${sid}`, { Status: 'draft' }, { 'if-match': match });
    expect((await save('"1"')).body).toMatchObject({ revision: 2 });
    expect((await save('"1"')).body).toMatchObject({ code: 20412, status: 412 });
    expect((await save('nonsense')).body).toMatchObject({ code: 20412, status: 412, message: 'If-Match does not name the latest revision, which is 2' });
    expect((await save('W/"2"')).body).toMatchObject({ revision: 3 });
    expect((await save('*')).body).toMatchObject({ revision: 4 });
    expect((await app.ask('DELETE', `/v2/Flows/${sid}`, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await app.ask('DELETE', `/v2/Flows/${sid}`, undefined, { 'if-match': '4' })).status).toBe(204);
  });
});

describe('saves at the same moment', () => {
  it('never share a revision number', async () => {
    const { sid } = await client.studio.v2.flows.create(draft());
    const saved = await Promise.all(Array.from({ length: 20 }, (_, i) => app.ask('POST', `/v2/Flows/${sid}`, { Status: 'draft', FriendlyName: `name ${i}` })));
    expect(saved.map(({ body }) => body['revision'] as number).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2));
    for (const { body } of saved) {
      const { body: revision } = await app.ask('GET', `/v2/Flows/${sid}/Revisions/${body['revision'] as number}`);
      expect(revision['friendly_name']).toBe(body['friendly_name']);
    }
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

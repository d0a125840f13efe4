import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { officialClient, refusalOf, testDatabase } from '@atelier/testing';
import type { Twilio } from 'twilio';
import { FLOWS_MIGRATIONS } from '../flows-config';
import { ACCOUNT, KEY, type SampleApp, draft, sampleDefinition, secretOf, startSampleApp } from './sample-app';

let database: Database;
let app: SampleApp;
let client: Twilio;
beforeAll(async () => {
  database = await testDatabase({ schema: 'flows', migrations: FLOWS_MIGRATIONS });
  app = await startSampleApp(database);
  client = clientOf(ACCOUNT);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await database?.close();
});

const clientOf = (user: string): Twilio => officialClient(app.url, user, secretOf(user), user === KEY ? ACCOUNT : user);

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
    expect(await refusalOf(client.studio.v2.flows(created.sid).fetch())).toMatchObject({ status: 404, code: 20404 });
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
    expect(await refusalOf(validate(stateless))).toMatchObject({ status: 400, code: 81022, details: { errors: expect.arrayContaining([{ property_path: '#/states', message: 'is missing but it is required' }]) } });
    const dangling = { ...sampleDefinition(), states: sampleDefinition(0).states.map((state) => ({ ...state, transitions: [{ event: 'incomingMessage', next: 'nowhere' }] })) };
    expect(await refusalOf(validate(dangling))).toMatchObject({ status: 400, code: 81022, details: { errors: [{ property_path: '#/states/0/transitions/0/next' }] } });
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
    expect(await refusalOf(client.studio.v1.flows(sid).fetch())).toMatchObject({ status: 404, message: `The requested resource /v1/Flows/${sid} was not found` });
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
      await refusalOf(client.studio.v2.flows(parent.sid).update({ status: 'published' })),
      await refusalOf(client.studio.v2.flows.create({ ...draft('parent', many), status: 'published' })),
    ];
    for (const failure of failures) expect(failure).toMatchObject({ status: 400, code: 81022, details: { errors: [{ property_path: '#/states', code: '81025' }] } });
    expect(await client.studio.v2.flows(parent.sid).fetch()).toMatchObject({ revision: 1, status: 'draft' });
  });

  it('are counted anew when the flow is published', async () => {
    const sub = await client.studio.v2.flows.create({ ...draft('sub', sampleDefinition(1)), status: 'published' });
    const parent = await client.studio.v2.flows.create(draft('parent', withSubflows(sub.sid, 3)));
    await client.studio.v2.flows(sub.sid).update({ status: 'published', definition: sampleDefinition(900) });
    expect(await refusalOf(client.studio.v2.flows(parent.sid).update({ status: 'published' }))).toMatchObject({ code: 81022 });
  });
});

import { topicSourceContract } from '@atelier/bus';
import type { FlowSid, Meta, PublicEvent } from '@atelier/contracts';
import { operatorMeta } from '@atelier/contracts';
import { rebuild } from '@atelier/event-store';
import { type Clock, type Database, systemClock } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { type FlowsCore, createFlowsCore } from './flows-core';
import { FLOWS_MIGRATIONS } from './flows-config';
import { ACCOUNT, STRANGER, sampleDefinition } from './http/sample-app';
import { flowTable } from './projections/flow.projection';
import { revisionTable } from './projections/revision.projection';
import { sha256Of } from './text-store';

const definition = (messages = 1): string => JSON.stringify(sampleDefinition(messages));
const meta: Meta = { ...operatorMeta(ACCOUNT, 'us1'), source: 'api', actorType: 'account', actorSid: ACCOUNT, sourceIp: '203.0.113.7', sourceIpFrom: 'socket', userAgent: 'tests/1' };

/** Monotonic time that tests move. */
const clock = (): Clock & { ms: number } => {
  const made = { ms: 0, nowMs: systemClock.nowMs, monotonicMs: () => made.ms };
  return made;
};

let database: Database;
let core: FlowsCore;
beforeAll(async () => {
  database = await testDatabase({ schema: 'flows', migrations: FLOWS_MIGRATIONS });
  core = createFlowsCore(database);
}, 120_000);
afterAll(() => database?.close());

const created = async (status: 'draft' | 'published' = 'draft', from = core): Promise<FlowSid> =>
  (await from.service.create({ friendlyName: 'sample', status, definition: definition() }, meta)).sid;
const saved = (sid: FlowSid, status: 'draft' | 'published', more: { definition?: string; friendlyName?: string } = {}, from = core) =>
  from.service.update(sid, { status, ...more }, undefined, meta);
const importedBroken = async (sid?: FlowSid) => {
  const broken = { ...sampleDefinition(0), states: sampleDefinition(0).states.map((state) => ({ ...state, transitions: [{ event: 'incomingMessage', next: 'gone' }] })) };
  return (await core.service.import({ friendlyName: 'broken', status: 'draft', definition: JSON.stringify(broken), coerce: true, danglingNext: 'keep', flowSid: sid }, meta)).sid;
};

describe('the rows', () => {
  it('equal the fold of the log', async () => {
    const sid = await created();
    await saved(sid, 'published', { friendlyName: 'published' });
    await saved(sid, 'draft', { definition: definition(2) });
    await core.service.replaceTestUsers(sid, ['a', 'b'], meta);
    await core.service.replaceTestUsers(sid, ['c'], meta);
    const gone = await created('published');
    await core.service.delete(gone, undefined, meta);
    await importedBroken();
    const rows = async () => [await database.query('select * from flow order by sid'), await database.query('select * from flow_revision order by flow_sid, revision')];
    const before = await rows();
    expect(before[0]).not.toHaveLength(0);
    for (const projection of [flowTable, revisionTable]) await rebuild(database, projection);
    expect(await rows()).toEqual(before);
  });

  it('hold every definition once', async () => {
    const text = definition(7);
    for (let i = 0; i < 3; i++) await core.service.create({ friendlyName: 'same', status: 'draft', definition: text }, meta);
    expect(await database.query('select body from flow_text where sha256 = $1', [sha256Of(text)])).toEqual([{ body: text }]);
  });
});

describe('saves from two processes at the same moment', () => {
  it('never share a revision number, and each is either stored or refused as a fault', async () => {
    const other = createFlowsCore(database);
    const sid = await created();
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => saved(sid, 'draft', { friendlyName: `n${i}` }, i % 2 ? core : other)));
    const revisions = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.revision] : []));
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'Fault' });
    expect(revisions.sort((a, b) => a - b)).toEqual(Array.from({ length: revisions.length }, (_, i) => i + 2));
    expect((await core.tables.flow(ACCOUNT, sid)).revision).toBe(revisions.length + 1);
  });
});

describe('the directory', () => {
  const choose = (sid: FlowSid, contact = '+1', from = core) => from.directory.choose(ACCOUNT, sid, contact);

  it('runs the latest published revision, and the latest draft for test users', async () => {
    const sid = await created();
    expect(await choose(sid)).toEqual({ kind: 'not-published' });
    await saved(sid, 'published');
    await saved(sid, 'draft', { definition: definition(2) });
    expect(await choose(sid)).toEqual({ kind: 'found', revision: 2, isTestUser: false });
    await core.service.replaceTestUsers(sid, ['+1'], meta);
    expect(await choose(sid)).toEqual({ kind: 'found', revision: 3, isTestUser: true });
    expect(await choose(sid, '+2')).toEqual({ kind: 'found', revision: 2, isTestUser: false });
  });

  it('sees a flow as soon as it is there, and no more once it is deleted', async () => {
    const sid: FlowSid = `FW${'7'.repeat(31)}1`;
    expect(await choose(sid)).toEqual({ kind: 'no-flow' });
    await core.service.import({ friendlyName: 'kept', status: 'published', definition: definition(), coerce: true, danglingNext: 'keep', flowSid: sid }, meta);
    expect(await choose(sid)).toMatchObject({ kind: 'found', revision: 1 });
    await core.service.delete(sid, undefined, meta);
    expect(await choose(sid)).toEqual({ kind: 'no-flow' });
    // Executions that run keep their revision until they are ended (A7).
    expect(await core.directory.definition(ACCOUNT, sid, 1)).toBe(definition());
  });

  it("sees another process's changes within a second", async () => {
    const time = clock();
    const other = createFlowsCore(database, { clock: time });
    const sid = await created('published');
    expect(await choose(sid, '+1', other)).toMatchObject({ revision: 1 });
    await saved(sid, 'published');
    time.ms += 1_000;
    expect(await choose(sid, '+1', other)).toMatchObject({ revision: 2 });
  });

  it('resolves a subflow to what another process has published just now', async () => {
    const other = createFlowsCore(database);
    const sid = await created('published');
    const resolved = () => other.directory.resolve(ACCOUNT, sid, 'LatestPublished');
    expect(await resolved()).toBe(1);
    await saved(sid, 'published');
    expect(await resolved()).toBe(2);
    await core.service.delete(sid, undefined, meta);
    expect(await resolved()).toBeUndefined();
  });

  it("knows nothing of another account's flow", async () => {
    const sid = await created('published');
    expect(await core.directory.choose(STRANGER, sid, '+1')).toEqual({ kind: 'no-flow' });
    expect(await core.directory.resolve(STRANGER, sid, 'LatestPublished')).toBeUndefined();
    expect(await core.directory.resolve(STRANGER, sid, 1)).toBeUndefined();
    expect(await core.directory.definition(STRANGER, sid, 1)).toBeUndefined();
  });

  it('resolves what subflow references name', async () => {
    const sid = await created();
    const resolve = (name: Parameters<typeof core.directory.resolve>[2], of = sid) => core.directory.resolve(ACCOUNT, of, name);
    expect([await resolve('LatestPublished'), await resolve('LatestRevision'), await resolve(1), await resolve(2)]).toEqual([undefined, 1, 1, undefined]);
    await saved(sid, 'published');
    expect([await resolve('LatestPublished'), await resolve('LatestRevision')]).toEqual([2, 2]);
    expect(await resolve(2, sid.toUpperCase() as FlowSid)).toBe(2);
    expect(await resolve(2_147_483_648)).toBeUndefined();
  });

  it('runs no draft with errors, not even for test users', async () => {
    const sid = await importedBroken();
    await core.service.replaceTestUsers(sid, ['+1'], meta);
    expect(await choose(sid)).toEqual({ kind: 'not-published' });
    expect([await core.directory.resolve(ACCOUNT, sid, 'LatestRevision'), await core.directory.resolve(ACCOUNT, sid, 1)]).toEqual([undefined, undefined]);
  });
});

topicSourceContract('the log of flows', () => Promise.resolve({ source: core.topic, append: () => created() }));

describe('the public events', () => {
  const since = async (work: () => Promise<unknown>): Promise<readonly PublicEvent[]> => {
    const before = await core.topic.end(0);
    await work();
    return core.topic.read(0, before, 100);
  };

  it('tell what changed, with who did it from where', async () => {
    let sid: FlowSid = `FW${'0'.repeat(32)}`;
    const events = await since(async () => {
      sid = await created();
      await saved(sid, 'published');
      await saved(sid, 'published', { definition: definition(3), friendlyName: 'renamed' });
      await core.service.replaceTestUsers(sid, ['+15551234567'], meta);
      await core.service.delete(sid, undefined, meta);
    });
    const [one, three] = [sha256Of(definition()), sha256Of(definition(3))];
    expect(events.map(({ type, data }) => [type, data['resource_properties']])).toEqual([
      ['flow.created', {
        friendly_name: { previous: null, updated: 'sample' }, status: { previous: null, updated: 'draft' }, revision: { previous: null, updated: 1 },
        commit_message: { previous: null, updated: null }, definition_sha256: { previous: null, updated: one },
      }],
      ['flow.updated', { status: { previous: 'draft', updated: 'published' }, revision: { previous: 1, updated: 2 } }],
      ['flow.updated', { friendly_name: { previous: 'sample', updated: 'renamed' }, revision: { previous: 2, updated: 3 }, definition_sha256: { previous: one, updated: three } }],
      ['flow.updated', { test_users: { previous: 0, updated: 1 } }],
      ['flow.deleted', { friendly_name: { previous: 'renamed', updated: null }, status: { previous: 'published', updated: null }, revision: { previous: 3, updated: null } }],
    ]);
    for (const event of events) expect(event).toMatchObject({ subject: sid, meta, data: { account_sid: ACCOUNT, flow_sid: sid } });
    expect(events[1]?.data).toMatchObject({ revision: 2, status: 'published', definition_sha256: one });
  });

  it('never carry a definition or the address of a test user', async () => {
    const events = await since(async () => {
      const sid = await created();
      await core.service.replaceTestUsers(sid, ['+15551234567'], meta);
    });
    expect(events).toHaveLength(2);
    for (const leaked of ['initial_state', 'send-message', '+15551234567']) expect(JSON.stringify(events)).not.toContain(leaked);
  });

  it('are none for what was refused or only validated', async () => {
    const refused = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ name: 'InvalidDefinition' });
    expect(
      await since(async () => {
        await core.service.validate({ friendlyName: 'x', status: 'published', definition: definition() }, meta);
        await refused(core.service.validate({ friendlyName: 'x', status: 'draft', definition: '{}' }, meta));
        await refused(core.service.create({ friendlyName: 'x', status: 'draft', definition: '{}' }, meta));
      }),
    ).toEqual([]);
  });
});

import 'reflect-metadata';
import { createEmbeddedBus, follow } from '@atelier/bus';
import { type FlowDirectory, type FlowSid, operatorMeta } from '@atelier/contracts';
import { type Database, type InternalClient, createInternalClient, newSid, silentLog } from '@atelier/platform';
import { createRemoteFlowDirectory } from '@atelier/rest-kit';
import { eventually, testDatabase } from '@atelier/testing';
import { FLOWS_MIGRATIONS } from './flows-config';
import { ACCOUNT, INTERNAL, STRANGER, sampleDefinition, startSampleApp } from './http/sample-app';

const meta = operatorMeta(ACCOUNT, 'us1');
const definition = (messages = 1): string => JSON.stringify(sampleDefinition(messages));

let database: Database;
let app: Awaited<ReturnType<typeof startSampleApp>>;
let client: InternalClient;
beforeAll(async () => {
  database = await testDatabase({ schema: 'flows', migrations: FLOWS_MIGRATIONS });
  app = await startSampleApp(database);
  client = createInternalClient({ url: app.url, token: INTERNAL });
}, 120_000);
afterAll(async () => {
  await client?.close();
  await app?.close();
  await database?.close();
});

const created = async (status: 'draft' | 'published'): Promise<FlowSid> => (await app.core.service.create({ friendlyName: 'sample', status, definition: definition() }, meta)).sid;
const saved = (sid: FlowSid, status: 'draft' | 'published', messages = 1) => app.core.service.update(sid, { status, definition: definition(messages) }, undefined, meta);

/** A clock that stands still, and the questions that went over the wire. */
const remote = () => {
  const time = { ms: 0, monotonicMs: () => time.ms };
  const asked: string[] = [];
  const ask: InternalClient['ask'] = (route, question) => {
    asked.push(route);
    return client.ask(route, question);
  };
  return { time, asked, directory: createRemoteFlowDirectory({ ask }, time) };
};

const ADAPTERS: readonly (readonly [string, () => FlowDirectory])[] = [
  ['in the process of flows', () => app.core.directory],
  ['over HTTP', () => remote().directory],
];

describe.each(ADAPTERS)('the directory %s', (_, make) => {
  it('runs the latest published revision, and the latest draft for test users', async () => {
    const sid = await created('draft');
    const choose = (contact: string) => make().choose(ACCOUNT, sid, contact);
    expect(await choose('+1')).toEqual({ kind: 'not-published' });
    await saved(sid, 'published');
    await saved(sid, 'draft', 2);
    await app.core.service.replaceTestUsers(sid, ['+1'], meta);
    expect(await choose('+1')).toEqual({ kind: 'found', revision: 3, isTestUser: true });
    expect(await choose('+2')).toEqual({ kind: 'found', revision: 2, isTestUser: false });
  });

  it("says nothing of what is not there, is deleted, or is another account's", async () => {
    const sid = await created('published');
    const directory = make();
    expect(await directory.choose(STRANGER, sid, '+1')).toEqual({ kind: 'no-flow' });
    expect(await directory.definition(STRANGER, sid, 1)).toBeUndefined();
    expect(await directory.resolve(STRANGER, sid, 'LatestPublished')).toBeUndefined();
    expect(await directory.choose(ACCOUNT, newSid('FW'), '+1')).toEqual({ kind: 'no-flow' });
    expect(await directory.definition(ACCOUNT, sid, 2)).toBeUndefined();
    await app.core.service.delete(sid, undefined, meta);
    expect(await make().choose(ACCOUNT, sid, '+1')).toEqual({ kind: 'no-flow' });
    expect(await make().definition(ACCOUNT, sid, 1)).toBe(definition()); // executions that run keep it (A7)
  });

  it('resolves subflows by every name, at once after a save, whatever the spelling of the identifier', async () => {
    const sid = await created('published');
    const directory = make();
    const shouted: FlowSid = `FW${sid.slice(2).toUpperCase()}`;
    expect(await directory.resolve(ACCOUNT, shouted, 'LatestPublished')).toBe(1);
    await saved(sid, 'draft', 2);
    expect(await directory.resolve(ACCOUNT, sid, 'LatestPublished')).toBe(1);
    expect(await directory.resolve(ACCOUNT, sid, 'LatestRevision')).toBe(2);
    await saved(sid, 'published', 3);
    expect(await directory.resolve(ACCOUNT, sid, 'LatestPublished')).toBe(3);
    expect([await directory.resolve(ACCOUNT, sid, 2), await directory.resolve(ACCOUNT, sid, 9)]).toEqual([2, undefined]);
  });

  it('hands out definitions as they were posted', async () => {
    const sid = await created('draft');
    expect(await make().definition(ACCOUNT, sid, 1)).toBe(definition());
  });

  it('runs a flow that was asked for before it existed, and before it was published', async () => {
    const sid = newSid('FW');
    const directory = make();
    expect(await directory.choose(ACCOUNT, sid, '+1')).toEqual({ kind: 'no-flow' });
    await app.core.service.import({ friendlyName: 'kept', status: 'draft', definition: definition(), coerce: true, danglingNext: 'keep', flowSid: sid }, meta);
    expect(await directory.choose(ACCOUNT, sid, '+1')).toEqual({ kind: 'not-published' });
    await saved(sid, 'published');
    expect(await directory.choose(ACCOUNT, sid, '+1')).toMatchObject({ kind: 'found', revision: 2 });
  });
});

describe('the directory over HTTP', () => {
  it('asks once for the starts of many contacts, and for a definition once for all', async () => {
    const sid = await created('published');
    const { directory, asked } = remote();
    await directory.choose(ACCOUNT, sid, '+1');
    await Promise.all(Array.from({ length: 50 }, (_, i) => directory.choose(ACCOUNT, sid, `+${i}`)));
    await Promise.all(Array.from({ length: 50 }, () => directory.definition(ACCOUNT, sid, 1)));
    expect(asked).toEqual(['flow', 'flow-definition']);
  });

  it('asks twice at the most for fifty who ask at once for a flow that is not there', async () => {
    const { directory, asked } = remote();
    const sid = newSid('FW');
    await Promise.all(Array.from({ length: 50 }, () => directory.choose(ACCOUNT, sid, '+1')));
    expect(asked).toEqual(['flow', 'flow']);
  });

  it('keeps an answer five seconds at the most where it hears nothing', async () => {
    const sid = await created('published');
    const { directory, time } = remote();
    expect(await directory.choose(ACCOUNT, sid, '+1')).toMatchObject({ revision: 1 });
    await saved(sid, 'published');
    time.ms = 5_000;
    expect(await directory.choose(ACCOUNT, sid, '+1')).toMatchObject({ revision: 2 });
  });

  it('drops it at once where it hears of a change, and what was being asked meanwhile', async () => {
    const sid = await created('published');
    const { directory } = remote();
    const bus = createEmbeddedBus([app.core.topic], silentLog);
    try {
      await follow(bus, 'atelier.flows.events', [directory]);
      await directory.choose(ACCOUNT, sid, '+1');
      await saved(sid, 'published');
      await eventually('the new revision', async () => (await directory.choose(ACCOUNT, sid, '+1')).kind === 'found' && (await revisionOf(directory, sid)) === 2);
    } finally {
      await bus.close();
    }
    let answer: (value: unknown) => void = () => undefined;
    const old = { flow: { account_sid: ACCOUNT, latest: 1, latest_valid: true, latest_published: 1, test_users: [] } };
    const answers = [new Promise((resolve) => (answer = resolve)), Promise.resolve({ flow: null })];
    const late = createRemoteFlowDirectory({ ask: () => answers.shift() ?? Promise.resolve(undefined) }, { monotonicMs: () => 0 });
    const early = late.choose(ACCOUNT, sid, '+1');
    late.changed({ data: { flow_sid: sid } } as unknown as Parameters<typeof late.changed>[0]); // all that is read of an event
    answer(old);
    expect(await early).toMatchObject({ kind: 'found' });
    expect(await late.choose(ACCOUNT, sid, '+1')).toEqual({ kind: 'no-flow' });
  });

  it('says that it does not know where the service is away, is another one, or refuses the token', async () => {
    const sid = await created('published');
    for (const [url, token] of [['http://127.0.0.1:9', INTERNAL], [app.url, `${INTERNAL}x`], [`${app.url}/elsewhere`, INTERNAL]] as const) {
      const stranger = createInternalClient({ url, token });
      const directory = createRemoteFlowDirectory(stranger, { monotonicMs: () => 0 });
      for (const question of [directory.choose(ACCOUNT, sid, '+1'), directory.resolve(ACCOUNT, sid, 1), directory.definition(ACCOUNT, sid, 1)])
        await expect(question).rejects.toMatchObject({ name: 'Fault' });
      await stranger.close();
    }
  });
});

const revisionOf = async (directory: FlowDirectory, sid: FlowSid) => {
  const choice = await directory.choose(ACCOUNT, sid, '+1');
  return choice.kind === 'found' ? choice.revision : undefined;
};

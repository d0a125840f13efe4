import { type TestedProduct, endProduct, eventually, newDataDir, startProduct } from '@atelier/testing';
import { FLOW_NUMBER, type SampleAccount, clientAs, heard, lookInto, oneMessage, quiet, subaccountOf, twoMessages, write } from './sample-accounts';
import { rest } from './sample-client';

const PATIENCE_MS = 20_000; // for a busy machine; nothing below waits this long when things are right
const dataDir = newDataDir('e2e');

let atelier: TestedProduct;
let count = 0;
beforeAll(async () => {
  atelier = await startProduct({ dataDir, settings: { ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0' } });
}, 90_000);
afterAll(() => endProduct(atelier), 30_000);

/** A phone that nobody had before. */
const phone = (): string => `+1555${String(1_000_000 + ++count)}`;

const published = async ({ client }: SampleAccount, definition: object): Promise<string> => (await client.studio.v2.flows.create({ friendlyName: 'sample', status: 'published', definition })).sid;

const started = async ({ client }: SampleAccount, flow: string, to = phone()) => ({ to, sid: (await client.studio.v2.flows(flow).executions.create({ to, from: FLOW_NUMBER })).sid });

const ended = ({ client }: SampleAccount, flow: string, execution: string): Promise<unknown> =>
  eventually('the end of the execution', async () => (await client.studio.v2.flows(flow).executions(execution).fetch()).status === 'ended', PATIENCE_MS);

/** The end of an execution whose account may not look. */
const endedUnseen = (sid: string): Promise<unknown> =>
  lookInto(atelier.databaseUrl('executions'), (database) =>
    eventually('the end of the execution', async () => {
      const { rows } = await database.query<{ status: number }>(`select status from executions.execution where replace(sid::text, '-', '') = $1`, [sid.slice(2)]);
      return rows[0]?.status === 1;
    }, PATIENCE_MS),
  );

/** A whole run: the phone's number. */
const ran = async (account: SampleAccount, flow: string): Promise<string> => {
  const { to, sid } = await started(account, flow);
  await ended(account, flow, sid);
  return to;
};

const keysOf = async ({ client }: SampleAccount) => (await client.keys.list()).map(({ sid, friendlyName }) => ({ sid, friendlyName }));

type Event = { readonly eventData: { context: { reason?: string }; resource_properties: Record<string, { previous: unknown; updated: unknown }> } };

/** The account's records about keys and credentials, oldest first, once there are so many. */
const recordsOf = ({ client }: SampleAccount, n: number) =>
  eventually(
    `${n} records`,
    async () => {
      const events = (await client.monitor.v1.events.list({ pageSize: 1_000 })).filter(({ eventType }) => /^account-(api-keys|credentials)\./.test(eventType));
      return events.length === n ? events.reverse() : undefined;
    },
    PATIENCE_MS,
  );

const typesAndReasons = async (account: SampleAccount, n: number) =>
  (await recordsOf(account, n)).map((event) => `${event.eventType} ${(event as unknown as Event).eventData.context.reason ?? ''}`.trim());

const FIRST = ['account-api-keys.created first_execution', 'account-credentials.created first_execution'];
const ANEW = ['account-api-keys.deleted', 'account-credentials.deleted', 'account-api-keys.created key_missing', 'account-credentials.created key_missing'];

describe('the first execution of an account', () => {
  it('makes the Studio API Key: in the list, with two audit records; flows and drafts alone make none', async () => {
    const account = await subaccountOf(atelier);
    const flow = await published(account, oneMessage);
    await account.client.studio.v2.flows(flow).update({ status: 'draft' });
    expect(await keysOf(account)).toEqual([]);
    const to = await ran(account, flow);
    expect(await heard(account, to)).toEqual(['hello']);
    const [key, ...more] = await keysOf(account);
    expect([key?.friendlyName, more]).toEqual(['Studio API Key', []]);
    const [created, credential] = await recordsOf(account, 2);
    const common = { accountSid: account.accountSid, source: 'twilio', sourceIpAddress: null, actorType: 'account', actorSid: account.accountSid };
    expect(created).toMatchObject({ ...common, eventType: 'account-api-keys.created', resourceType: 'account-api-keys', resourceSid: key?.sid });
    expect(credential).toMatchObject({ ...common, eventType: 'account-credentials.created', resourceType: 'account-credentials', resourceSid: expect.stringMatching(/^CR[0-9a-f]{32}$/) as string });
    expect((created as unknown as Event).eventData.resource_properties).toEqual({
      status: { previous: null, updated: 'Active' },
      friendly_name: { previous: null, updated: 'Studio API Key' },
      secret: { previous: null, updated: '[REDACTED]' },
      flags: { previous: null, updated: 'REST API, Signing' },
    });
    expect((credential as unknown as Event).eventData.resource_properties).toEqual({
      friendly_name: { previous: null, updated: 'Studio API Key' },
      type: { previous: null, updated: 'Twilio Signing Key' },
      api_key_sid: { previous: null, updated: key?.sid },
    });
    for (const event of [created, credential]) expect((event as unknown as Event).eventData.context).toMatchObject({ reason: 'first_execution', flow_sid: flow, execution_sid: expect.stringMatching(/^FN/) as string });
  }, 60_000);

  it('makes it whatever the flow does: one that calls nobody, too', async () => {
    const account = await subaccountOf(atelier);
    await ran(account, await published(account, quiet));
    expect(await typesAndReasons(account, 2)).toEqual(FIRST);
  }, 60_000);

  it('is one of fifty at the same moment: one key, one record of each kind, and all fifty finish', async () => {
    const account = await subaccountOf(atelier);
    const flow = await published(account, oneMessage);
    const all = await Promise.all(Array.from({ length: 50 }, () => started(account, flow)));
    await eventually('fifty ends', async () => (await account.client.studio.v2.flows(flow).executions.list({ pageSize: 100 })).filter(({ status }) => status === 'ended').length === 50, PATIENCE_MS);
    expect(await keysOf(account)).toEqual([{ sid: expect.stringMatching(/^SK/) as string, friendlyName: 'Studio API Key' }]);
    expect(await typesAndReasons(account, 2)).toEqual(FIRST);
    expect((await account.client.messages.list({ pageSize: 100 })).map(({ to, body }) => `${to} ${body}`).sort()).toEqual(all.map(({ to }) => `${to} hello`).sort());
  }, 60_000);
});

describe('the Studio API Key, deleted over REST', () => {
  it('comes back with the next execution, whose message is sent once', async () => {
    const account = await subaccountOf(atelier);
    const flow = await published(account, oneMessage);
    await ran(account, flow);
    const [first] = await keysOf(account);
    expect(await account.client.keys(first?.sid ?? '').remove()).toBe(true);
    expect(await keysOf(account)).toEqual([]);
    expect(await heard(account, await ran(account, flow))).toEqual(['hello']);
    const [second, ...more] = await keysOf(account);
    expect(second?.friendlyName).toBe('Studio API Key');
    expect([second?.sid === first?.sid, more]).toEqual([false, []]);
    expect(await typesAndReasons(account, 6)).toEqual([...FIRST, ...ANEW]);
  }, 60_000);

  it('comes back with the next execution even where that calls nobody', async () => {
    const account = await subaccountOf(atelier);
    const flow = await published(account, quiet);
    await ran(account, flow);
    const [first] = await recordsOf(account, 2);
    await account.client.keys(first?.resourceSid ?? '').remove();
    await recordsOf(account, 4);
    await ran(account, flow);
    expect(await typesAndReasons(account, 6)).toEqual([...FIRST, ...ANEW]);
  }, 60_000);

  it('comes back between two widget calls of a running execution, which ends as if nothing had been: no message missing, none twice', async () => {
    const account = await subaccountOf(atelier);
    const flow = await published(account, twoMessages());
    const { webhookUrl } = await account.client.studio.v2.flows(flow).fetch();
    await account.client.incomingPhoneNumbers.create({ phoneNumber: FLOW_NUMBER, smsUrl: webhookUrl });
    const { to, sid } = await started(account, flow);
    await eventually('the question', async () => (await heard(account, to)).length === 1, PATIENCE_MS);
    const [first] = await keysOf(account);
    await account.client.keys(first?.sid ?? '').remove();
    await write(account, to, 'fine');
    await ended(account, flow, sid);
    const steps = await account.client.studio.v2.flows(flow).executions(sid).steps.list();
    expect(steps.reverse().map(({ name, transitionedTo }) => [name, transitionedTo])).toEqual([['incomingRequest', 'question'], ['incomingMessage', 'thanks'], ['sent', 'Ended']]);
    expect(await heard(account, to)).toEqual(['how are you?', 'thank you']);
    expect((await account.client.messages.list({ to })).map(({ body }) => body).sort()).toEqual(['how are you?', 'thank you']);
    expect(await typesAndReasons(account, 6)).toEqual([...FIRST, ...ANEW]);
  }, 60_000);

  it('comes back however often it is deleted: later, but no step is lost', async () => {
    const account = await subaccountOf(atelier);
    const flow = await published(account, oneMessage);
    for (let round = 0; round < 5; round++) {
      expect(await heard(account, await ran(account, flow))).toEqual(['hello']);
      const [key, ...more] = await keysOf(account);
      expect(more).toEqual([]);
      await account.client.keys(key?.sid ?? '').remove();
    }
    expect((await typesAndReasons(account, 20)).filter((each) => each.startsWith('account-api-keys.created'))).toHaveLength(5);
  }, 60_000);
});

describe('the Studio API Key, still there', () => {
  it('is not replaced because the provider refuses it: the step fails with the provider’s error, and nothing is made', async () => {
    const account = await subaccountOf(atelier);
    const flow = await published(account, oneMessage);
    await ran(account, flow);
    const before = await keysOf(account);
    expect((await rest(account, 'POST', '/carrier/v1/Faults', { Kind: 'refuse', HttpStatus: '401' })).status).toBe(201);
    const { to, sid } = await started(account, flow);
    await ended(account, flow, sid);
    expect(await heard(account, to)).toEqual([]);
    const { context } = await account.client.studio.v2.flows(flow).executions(sid).executionContext().fetch();
    expect(context).toMatchObject({ flow: { variables: { code: 20003 } }, widgets: { greet: { outbound: { Status: 'failed', ErrorCode: 20003 } } } });
    expect(await keysOf(account)).toEqual(before);
    expect(await typesAndReasons(account, 2)).toEqual(FIRST);
  }, 60_000);

  it('may be renamed; a person’s key of its name is another key, and comes and goes without it', async () => {
    const account = await subaccountOf(atelier);
    const own = await account.client.newKeys.create({ friendlyName: 'Studio API Key' });
    const flow = await published(account, oneMessage);
    await ran(account, flow);
    const studio = (await keysOf(account)).find(({ sid }) => sid !== own.sid);
    await account.client.keys(studio?.sid ?? '').update({ friendlyName: 'mine' });
    await account.client.keys(own.sid).remove();
    expect(await heard(account, await ran(account, flow))).toEqual(['hello']);
    expect(await keysOf(account)).toEqual([{ sid: studio?.sid, friendlyName: 'mine' }]);
    expect(await typesAndReasons(account, 5)).toEqual(['account-api-keys.created', ...FIRST, 'account-api-keys.updated', 'account-api-keys.deleted']);
  }, 60_000);
});

describe('an account that is suspended while an execution runs', () => {
  it('gets no key back, and its step fails; the next execution after that has one again', async () => {
    const account = await subaccountOf(atelier);
    const owner = clientAs(account, atelier.accountSid, atelier.authToken);
    const flow = await published(account, twoMessages('2'));
    const { to, sid } = await started(account, flow);
    await eventually('the question', async () => (await heard(account, to)).length === 1, PATIENCE_MS);
    const [key] = await keysOf(account);
    await owner.api.accounts(account.accountSid).update({ status: 'suspended' });
    await owner.keys(key?.sid ?? '').remove();
    await expect(account.client.keys.list()).rejects.toMatchObject({ status: 401, code: 20003 });
    await endedUnseen(sid);
    expect(await owner.keys.list()).toEqual([]);
    await owner.api.accounts(account.accountSid).update({ status: 'active' });
    expect(await heard(account, to)).toEqual(['how are you?']);
    expect((await account.client.studio.v2.flows(flow).executions(sid).steps.list()).map(({ name }) => name)).toEqual(['failed', 'timeout', 'incomingRequest']);
    await ran(account, await published(account, quiet));
    expect(await typesAndReasons(account, 6)).toEqual([...FIRST, ...ANEW]);
  }, 60_000);
});

import { type TestedProduct, endProduct, eventually, newDataDir, startProduct } from '@atelier/testing';
import type { Twilio } from 'twilio';
import { clientOf, deliver, failureOf, rest } from './sample-client';
import { ask, conversation, flowOf, say } from './sample-flows';

const dataDir = newDataDir('rest');
const SLOW_MS = 20_000; // other suites share the machine
const FROM = '+15557650001';
const DAY_MS = 86_400_000;
const asking = conversation('Coffee?', 'Enjoy.');
const { states: _states, ...stateless } = asking as { states: object };

let product: TestedProduct;
let client: Twilio;
let contacts = 0;
beforeAll(async () => {
  product = await startProduct({ dataDir });
  client = clientOf(product);
}, 90_000);
afterAll(() => endProduct(product), 30_000);
jest.setTimeout(60_000);

const newContact = (): string => `+1555124${String(++contacts).padStart(4, '0')}`;
const flow = (sid: string) => client.studio.v2.flows(sid);
const published = async (definition: object = asking): Promise<string> => (await client.studio.v2.flows.create({ friendlyName: 'a flow', status: 'published', definition })).sid;
const started = (sid: string, to = newContact()) => flow(sid).executions.create({ to, from: FROM });
const newestStep = (sid: string, execution: string) => flow(sid).executions(execution).steps.list({ limit: 1 }).then(([step]) => step);
const asked = (sid: string, execution: string) => eventually('the question', async () => (await newestStep(sid, execution))?.transitionedTo === 'ask', SLOW_MS);
/** An execution that waits for an answer. */
const parked = async (sid: string) => {
  const execution = await started(sid);
  await asked(sid, execution.sid);
  return execution;
};

describe('the official client', () => {
  it('row 1: creates a draft, fetches it, publishes it by status alone, walks three pages on this host, and removes it', async () => {
    const created = await client.studio.v2.flows.create({ friendlyName: 'first', status: 'draft', definition: asking });
    expect(created).toMatchObject({ status: 'draft', revision: 1, valid: true, errors: [], warnings: [] });
    expect((await flow(created.sid).fetch()).definition).toEqual(asking);
    const updated = await flow(created.sid).update({ status: 'published' });
    expect(updated).toMatchObject({ status: 'published', revision: 2, friendlyName: 'first', definition: asking });
    const others = [await published(), await published()];
    const listed = await client.studio.v2.flows.list({ limit: 3, pageSize: 1 });
    expect(listed.map(({ sid }) => sid)).toEqual([others[1], others[0], created.sid]);
    const page = await client.studio.v2.flows.page({ pageSize: 1 });
    expect(page.nextPageUrl).toMatch(new RegExp(`^${product.url}/v2/Flows\\?PageSize=1&Page=1&PageToken=`));
    expect(await flow(created.sid).remove()).toBe(true);
    expect(await failureOf(flow(created.sid).fetch())).toMatchObject({ status: 404, code: 20404 });
  });

  it('row 2: is refused definitions without states and with a dangling next, with the place of the mistake', async () => {
    const validated = (definition: object) => client.studio.v2.flowValidate.update({ friendlyName: 'f', status: 'draft', definition });
    expect(await validated(asking)).toMatchObject({ valid: true });
    expect(await failureOf(validated(stateless))).toMatchObject({ status: 400, code: 81022, details: { errors: expect.arrayContaining([{ property_path: '#/states', message: 'is missing but it is required' }]) } });
    const dangling = flowOf(ask('ask', 'Coffee?', 'nowhere'));
    expect(await failureOf(validated(dangling))).toMatchObject({
      status: 400, code: 81022, message: 'Flow definition validation failed, check `details` for more information', moreInfo: 'https://www.twilio.com/docs/errors/81022',
      details: { errors: [{ property_path: '#/states/1/transitions/0/next' }], warnings: [] },
    });
  });

  it('row 3: is refused a second execution for a contact, with the SID of the first', async () => {
    const sid = await published();
    const to = newContact();
    const first = await started(sid, to);
    expect(await failureOf(started(sid, to))).toMatchObject({
      status: 409, code: 20409, moreInfo: 'https://www.twilio.com/docs/errors/20409', details: { conflicting_execution_sid: first.sid },
      message: `Execution ${first.sid} is already active for this contact. End the active Execution before creating a new one`,
    });
    expect((await started(await published(), to)).status).toBe('active'); // another flow may talk to the same contact
    expect((await flow(sid).executions.list()).map((each) => each.sid)).toEqual([first.sid]);
  });

  it('row 4: ends an execution once, and is refused to end it again', async () => {
    const sid = await published();
    const execution = await parked(sid);
    expect((await flow(sid).executions(execution.sid).update({ status: 'ended' })).status).toBe('ended');
    expect(await failureOf(flow(sid).executions(execution.sid).update({ status: 'ended' }))).toMatchObject({ status: 409, code: 20409 });
    expect((await started(sid, execution.contactChannelAddress)).status).toBe('active');
  });

  it('row 5: reads the step of a last message as sent and Ended', async () => {
    const sid = await published(flowOf(say('bye', 'Bye.')));
    const execution = await started(sid);
    const step = await eventually('the last step', async () => {
      const newest = await newestStep(sid, execution.sid);
      return newest?.name === 'sent' && newest;
    }, SLOW_MS);
    expect(step).toMatchObject({ name: 'sent', transitionedFrom: 'bye', transitionedTo: 'Ended', parentStepSid: null, executionSid: execution.sid, flowSid: sid, context: {} });
    expect((await flow(sid).executions(execution.sid).fetch()).status).toBe('ended');
  });

  it('row 6: finds no step of a waiting widget whose execution was ended over REST', async () => {
    const sid = await published();
    const execution = await parked(sid);
    await flow(sid).executions(execution.sid).update({ status: 'ended' });
    expect(await newestStep(sid, execution.sid)).toMatchObject({ name: 'incomingRequest', transitionedFrom: 'Trigger', transitionedTo: 'ask' });
  });

  it('row 7: removes an active execution, which is gone at once and frees its contact', async () => {
    const sid = await published();
    const execution = await parked(sid);
    expect(await flow(sid).executions(execution.sid).remove()).toBe(true);
    const gone = flow(sid).executions(execution.sid);
    for (const call of [gone.fetch(), gone.executionContext().fetch(), gone.steps.list(), gone.remove()]) expect(await failureOf(call)).toMatchObject({ status: 404, code: 20404 });
    expect((await started(sid, execution.contactChannelAddress)).status).toBe('active');
  });

  it('row 8: lists executions by status and by both ends of the time', async () => {
    const sid = await published();
    const [active, ended] = [await started(sid), await started(sid)];
    await flow(sid).executions(ended.sid).update({ status: 'ended' });
    const now = Date.now();
    const listed = async (status: 'active' | 'ended' | undefined, from: number, to: number) =>
      (await flow(sid).executions.list({ ...(status && { status }), dateCreatedFrom: new Date(from), dateCreatedTo: new Date(to) })).map((each) => each.sid);
    expect(await listed('active', now - DAY_MS, now + DAY_MS)).toEqual([active.sid]);
    expect(await listed('ended', now - DAY_MS, now + DAY_MS)).toEqual([ended.sid]);
    expect(await listed(undefined, now - DAY_MS, now + DAY_MS)).toEqual([ended.sid, active.sid]);
    expect(await listed('active', now - 2 * DAY_MS, now - DAY_MS)).toEqual([]);
    expect(await listed('active', now + DAY_MS, now + 2 * DAY_MS)).toEqual([]);
  });
});

describe('any client', () => {
  it('may spell the status filter as the reference or as the documents do', async () => {
    const sid = await published();
    const execution = await started(sid);
    for (const name of ['status', 'Status']) {
      expect((await rest(product, 'GET', `/v2/Flows/${sid}/Executions?${name}=active`)).body).toMatchObject({ executions: [{ sid: execution.sid }], meta: { key: 'executions' } });
      expect((await rest(product, 'GET', `/v2/Flows/${sid}/Executions?${name}=ended`)).body).toMatchObject({ executions: [] });
    }
  });

  it('saves against the revision that it read, and is refused with 412 where somebody was faster', async () => {
    const sid = await published();
    const save = (revision: number) => rest(product, 'POST', `/v2/Flows/${sid}`, { Status: 'draft' }, { 'if-match': `"${revision}"` });
    expect(await save(1)).toMatchObject({ status: 200, body: { revision: 2 } });
    expect(await save(1)).toMatchObject({ status: 412, body: { code: 20412, status: 412 } });
  });

  it('finds the request that started an execution in its headers and on the execution', async () => {
    const { headers, body } = await rest(product, 'POST', `/v2/Flows/${await published()}/Executions`, { To: newContact(), From: FROM });
    expect(headers.get('twilio-request-id')).toMatch(/^RQ[0-9a-f]{32}$/);
    expect(body['initiated_by']).toBe(headers.get('twilio-request-id'));
  });

  it('starts a flow in the moment after it was made, and a revision in the moment after it was published', async () => {
    for (let i = 0; i < 3; i++) {
      const sid = await published();
      expect((await started(sid)).flowVersion).toBe(1);
      await flow(sid).update({ status: 'published' });
      // Another process hears of a new revision by the bus: within a second.
      await eventually('the new revision', async () => (await started(sid)).flowVersion === 2, product.isCluster ? 5_000 : 0);
    }
  });

  it('is slowed down beyond so many new executions a second, and told when to come again', async () => {
    const { sid: accountSid, authToken } = await client.api.v2010.accounts.create({ friendlyName: 'in a hurry' });
    const other = { url: product.url, accountSid, authToken };
    const { sid } = await clientOf(other).studio.v2.flows.create({ friendlyName: 'f', status: 'published', definition: asking });
    const create = () => rest(other, 'POST', `/v2/Flows/${sid}/Executions`, { To: newContact(), From: FROM });
    const answers = await Promise.all(Array.from({ length: 5 * product.restPerSecondMax }, create));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(product.restPerSecondMax);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.body).toMatchObject({ code: 20429, status: 429 });
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await eventually('a place', async () => (await create()).status === 201, SLOW_MS)).toBe(true);
    expect((await started(await published())).status).toBe('active'); // nobody else is
  });
});

describe('what an execution tells', () => {
  it('are its context, its steps and the context after each of them', async () => {
    const sid = await published();
    const to = newContact();
    const { sid: execution } = await flow(sid).executions.create({ to, from: FROM, parameters: { name: 'Ada', n: 1, list: [true, null, { deep: 1.5 }] } });
    await asked(sid, execution);
    await deliver(product, sid, { MessageSid: `SM${'1'.repeat(32)}`, From: to, To: FROM, Body: 'yes' });
    const resource = flow(sid).executions(execution);
    await eventually('its end', async () => (await resource.fetch()).status === 'ended', SLOW_MS);
    const steps = await resource.steps.list();
    expect(steps.map(({ name, transitionedFrom, transitionedTo }) => [name, transitionedFrom, transitionedTo])).toEqual([
      ['sent', 'thank', 'Ended'], ['incomingMessage', 'ask', 'thank'], ['incomingRequest', 'Trigger', 'ask'],
    ]);
    const { context } = await resource.executionContext().fetch();
    const parameters = { name: 'Ada', n: 1, list: [true, null, { deep: 1.5 }] };
    expect(context).toMatchObject({
      trigger: { request: { to, from: FROM, parameters } }, contact: { channel: { address: to } },
      flow: { sid: execution, flow_sid: sid, channel: { address: FROM }, data: parameters, variables: {} },
      widgets: { ask: { inbound: { Body: 'yes' }, outbound: { Body: 'Coffee?' } }, thank: { outbound: { Body: 'Enjoy.' } } },
    });
    const after = await Promise.all(steps.map(async (step) => Object.keys((await resource.steps(step.sid).stepContext().fetch()).context.widgets as object)));
    expect(after).toEqual([['ask', 'thank'], ['ask'], []]);
    expect(await resource.steps(steps[1]!.sid).fetch()).toMatchObject({ sid: steps[1]!.sid, name: 'incomingMessage' });
  });
});

describe('v1, for old clients', () => {
  it('reads flows and removes them', async () => {
    const { sid: old } = await client.studio.v2.flows.create({ friendlyName: 'old', status: 'published', definition: asking });
    expect((await client.studio.v1.flows.list({ limit: 1 }))[0]).toMatchObject({ sid: old, friendlyName: 'old', status: 'published', version: 1 });
    const fetched = await client.studio.v1.flows(old).fetch();
    expect(fetched.links).toEqual({ engagements: `${product.url}/v1/Flows/${old}/Engagements`, executions: `${product.url}/v1/Flows/${old}/Executions` });
    expect(await client.studio.v1.flows(old).remove()).toBe(true);
    expect(await failureOf(client.studio.v1.flows(old).fetch())).toMatchObject({ status: 404, code: 20404 });
  });

  it('runs executions: a second one for a contact is the first', async () => {
    const [sid, to] = [await published(), newContact()];
    const { executions } = client.studio.v1.flows(sid);
    const made = await executions.create({ to, from: FROM, parameters: { n: 1 } });
    expect((await executions.create({ to, from: FROM })).sid).toBe(made.sid);
    await asked(sid, made.sid);
    expect((await executions.list({ dateCreatedFrom: made.dateCreated, limit: 20 })).map((each) => each.sid)).toContain(made.sid);
    expect(await executions.list({ dateCreatedTo: new Date('2020-01-01T00:00:00Z') })).toEqual([]);
    const one = executions(made.sid);
    expect(await one.fetch()).toMatchObject({ sid: made.sid, status: 'active', contactSid: `FC${'0'.repeat(32)}`, contactChannelAddress: to });
    expect((await one.executionContext().fetch()).context).toMatchObject({ flow: { data: { n: 1 } } });
    const [step] = await one.steps.list();
    expect(await one.steps(step!.sid).fetch()).toMatchObject({ name: 'incomingRequest', executionSid: made.sid });
    expect(await one.steps(step!.sid).stepContext().fetch()).toMatchObject({ stepSid: step!.sid, context: { widgets: {} } });
    expect((await one.update({ status: 'ended' })).status).toBe('ended');
    expect(await failureOf(one.update({ status: 'ended' }))).toMatchObject({ status: 409, code: 20409 });
    expect(await one.remove()).toBe(true);
  });

  it('runs them under their older name, too', async () => {
    const sid = await published();
    const { engagements } = client.studio.v1.flows(sid);
    const made = await engagements.create({ to: newContact(), from: FROM, parameters: { n: 1 } });
    await asked(sid, made.sid);
    expect((await engagements.list({ limit: 1 }))[0]?.sid).toBe(made.sid);
    const one = engagements(made.sid);
    expect((await one.fetch()).links).toEqual({ steps: `${made.url}/Steps`, engagement_context: `${made.url}/Context` });
    expect(await one.engagementContext().fetch()).toMatchObject({ engagementSid: made.sid, context: { flow: { data: { n: 1 } } } });
    const [step] = await one.steps.list();
    expect(await one.steps(step!.sid).fetch()).toMatchObject({ engagementSid: made.sid, transitionedTo: 'ask' });
    expect(await one.steps(step!.sid).stepContext().fetch()).toMatchObject({ engagementSid: made.sid, stepSid: step!.sid });
    expect(await one.remove()).toBe(true);
    expect(await failureOf(one.fetch())).toMatchObject({ status: 404, code: 20404 });
  });
});

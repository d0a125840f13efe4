import { randomBytes } from 'node:crypto';
import { type TestedProduct, endProduct, eventually, newDataDir, startProduct } from '@atelier/testing';
import type { Twilio } from 'twilio';
import { clientOf, deliver, failureOf, phoneOf, readTopic, rest } from './sample-client';
import { conversation, flowOf, redirect, runs, say } from './sample-flows';

const dataDir = newDataDir('triggers');
const SLOW_MS = 20_000; // other suites share the machine
const EXECUTIONS = 'atelier.executions.events';

let product: TestedProduct;
let client: Twilio;
let made = 0;
beforeAll(async () => {
  product = await startProduct({ dataDir });
  client = clientOf(product);
}, 90_000);
afterAll(() => endProduct(product), 30_000);
jest.setTimeout(60_000);

const newNumber = (area: string): string => `+1555${area}${String(++made).padStart(4, '0')}`;
const newPhone = () => {
  const number = newNumber('123');
  return { number, ...phoneOf(product, number) };
};
const flow = (sid: string) => client.studio.v2.flows(sid);
const published = async (definition: object): Promise<string> => (await client.studio.v2.flows.create({ friendlyName: 'a flow', status: 'published', definition })).sid;
const started = (sid: string, to: string, from = newNumber('765')) => flow(sid).executions.create({ to, from });
/** A bought number whose messages go to this flow. */
const numberOf = async (sid: string): Promise<string> => {
  const phoneNumber = newNumber('765');
  await client.incomingPhoneNumbers.create({ phoneNumber, smsUrl: (await flow(sid).fetch()).webhookUrl });
  return phoneNumber;
};
const says = (phone: { conversation(): Promise<readonly string[]> }, lines: readonly string[]) =>
  eventually(`the conversation ${lines.join(' / ')}`, async () => (await phone.conversation()).join(' / ') === lines.join(' / '), SLOW_MS);
const ended = (sid: string, execution: string) => eventually('the end', async () => (await flow(sid).executions(execution).fetch()).status === 'ended', SLOW_MS);
const executionsOf = async (sid: string): Promise<string[]> => (await flow(sid).executions.list()).map((each) => each.sid);
const eventsOf = async (execution: string) => (await readTopic(product, EXECUTIONS)).records.filter(({ subject }) => subject === execution);

describe('a text from a phone', () => {
  it('starts an execution, and the next one is its answer', async () => {
    const sid = await published(conversation('Coffee?', 'Enjoy your {{widgets.ask.inbound.Body}}.'));
    const [number, phone] = [await numberOf(sid), newPhone()];
    const first = await phone.text(number, 'Hi');
    await says(phone, ['Hi', 'Coffee?']);
    await phone.text(number, 'espresso');
    await says(phone, ['Hi', 'Coffee?', 'espresso', 'Enjoy your espresso.']);
    const [execution] = await flow(sid).executions.list();
    expect(execution).toMatchObject({ initiatedBy: first, contactChannelAddress: phone.number });
    expect(await executionsOf(sid)).toHaveLength(1);
  });

  it('answers an execution that was started over REST', async () => {
    const sid = await published(conversation('Coffee?', 'Enjoy.'));
    const [number, phone] = [await numberOf(sid), newPhone()];
    const execution = await started(sid, phone.number, number);
    await says(phone, ['Coffee?']);
    await phone.text(number, 'yes');
    await says(phone, ['Coffee?', 'yes', 'Enjoy.']);
    await ended(sid, execution.sid);
    expect(await executionsOf(sid)).toEqual([execution.sid]);
  });

  it('delivered again changes nothing, neither while the execution waits nor after it has ended', async () => {
    const sid = await published(conversation('Coffee?', 'Enjoy.'));
    const [phone, To] = [newPhone(), newNumber('765')];
    const text = (MessageSid: string, Body: string) => deliver(product, sid, { MessageSid, From: phone.number, To, Body });
    const twice = async (messageSid: string, body: string) => {
      const answers = [await text(messageSid, body), await text(messageSid, body)];
      for (const answer of answers) expect(answer).toEqual({ status: 200, text: '<Response/>' });
    };
    await twice(`SM${'1'.repeat(32)}`, 'Hi');
    await says(phone, ['Coffee?']);
    await twice(`SM${'2'.repeat(32)}`, 'yes');
    await says(phone, ['Coffee?', 'Enjoy.']);
    const [execution] = await executionsOf(sid);
    await ended(sid, execution!);
    const before = await eventsOf(execution!);
    await twice(`SM${'1'.repeat(32)}`, 'Hi');
    await twice(`SM${'2'.repeat(32)}`, 'yes');
    await text(`SM${'3'.repeat(32)}`, 'Hi again'); // what comes after the repetitions is decided after them
    await says(phone, ['Coffee?', 'Enjoy.', 'Coffee?']);
    expect(await executionsOf(sid)).toHaveLength(2);
    expect(await eventsOf(execution!)).toEqual(before);
  });

  it('is handed from flow to flow by redirects, and the flows return in the opposite order', async () => {
    const webhook = (sid: string, query = '') => `${product.url}/v1/Accounts/${product.accountSid}/Flows/${sid}${query}`;
    const [first, second] = [await published(flowOf()), await published(flowOf())];
    const third = await published(flowOf(say('hello', 'third', 'away'), redirect(webhook(second, '?FlowEvent=return'))));
    await flow(second).update({ status: 'published', definition: flowOf(redirect(webhook(third), 'hello'), say('hello', 'second', 'back'), { ...redirect(webhook(first, '?FlowEvent=return')), name: 'back' }) });
    await flow(first).update({ status: 'published', definition: flowOf(redirect(webhook(second), 'hello'), say('hello', 'first')) });
    const [number, phone] = [await numberOf(first), newPhone()];
    await phone.text(number, 'Hi');
    await says(phone, ['Hi', 'third', 'second', 'first']);
    for (const sid of [first, second, third]) expect(await executionsOf(sid)).toHaveLength(1);
  });

  it('that nothing waits for is ignored with warning 81002 and starts no execution', async () => {
    const sid = await published(flowOf(redirect('https://example.com/twiml')));
    const [phone, number] = [newPhone(), newNumber('765')];
    const execution = await started(sid, phone.number, number);
    await deliver(product, sid, { MessageSid: `SM${'4'.repeat(32)}`, From: phone.number, To: number, Body: 'anybody?' });
    const warning = await eventually('the warning', async () => (await eventsOf(execution.sid)).find(({ type }) => type === 'atelier.execution.warning.v1'), SLOW_MS);
    expect(warning.data).toMatchObject({ code: 81002, severity: 'warning', widget: 'away', execution_sid: execution.sid, flow_sid: sid });
    expect(await executionsOf(sid)).toEqual([execution.sid]);
    expect((await flow(sid).executions(execution.sid).fetch()).status).toBe('active');
  });
});

describe('revisions', () => {
  it('a draft runs for test users while everybody else runs what is published', async () => {
    const sid = await published(flowOf(say('hello', 'live')));
    await flow(sid).update({ status: 'draft', definition: flowOf(say('hello', 'draft')) });
    const [number, tester, customer] = [await numberOf(sid), newPhone(), newPhone()];
    await flow(sid).testUsers().update({ testUsers: [tester.number] });
    await Promise.all([tester.text(number, 'Hi'), customer.text(number, 'Hi')]);
    await Promise.all([says(tester, ['Hi', 'draft']), says(customer, ['Hi', 'live'])]);
    expect((await started(sid, tester.number)).flowVersion).toBe(2);
    expect((await started(sid, customer.number)).flowVersion).toBe(1);
  });

  it('a running execution keeps its own while a new one is published', async () => {
    const sid = await published(conversation('Coffee?', 'Enjoy the first.'));
    const [number, phone] = [await numberOf(sid), newPhone()];
    const first = await started(sid, phone.number, number);
    await says(phone, ['Coffee?']);
    await flow(sid).update({ status: 'published', definition: conversation('Tea?', 'Enjoy the second.') });
    await phone.text(number, 'yes');
    await says(phone, ['Coffee?', 'yes', 'Enjoy the first.']);
    await ended(sid, first.sid);
    const second = await started(sid, phone.number, number);
    expect([first.flowVersion, (await flow(sid).executions(first.sid).fetch()).flowVersion, second.flowVersion]).toEqual([1, 1, 2]);
    await says(phone, ['Coffee?', 'yes', 'Enjoy the first.', 'Tea?']);
  });

  it('an imported flow keeps its SID, so that the flow that runs it finds it', async () => {
    const FlowSid = `FW${randomBytes(16).toString('hex')}`;
    const parent = await published(flowOf(runs(FlowSid)));
    const imported = (FriendlyName: string, definition: object) => rest(product, 'POST', '/atelier/v1/Flows/Import', { FriendlyName, Status: 'published', Definition: JSON.stringify(definition), FlowSid });
    expect(await imported('child', flowOf(say('hello', 'from the child')))).toMatchObject({ status: 201, body: { sid: FlowSid, status: 'published', valid: true, errors: [], revision: 1 } });
    const phone = newPhone();
    const execution = await started(parent, phone.number);
    await says(phone, ['from the child']);
    await ended(parent, execution.sid);
    const steps = await flow(parent).executions(execution.sid).steps.list();
    expect(steps.map(({ name, transitionedFrom, transitionedTo }) => [name, transitionedFrom, transitionedTo])).toEqual([
      ['sent', 'hello', 'Ended'], ['incomingParent', 'Trigger', 'hello'], ['completed', 'sub', 'Ended'], ['incomingRequest', 'Trigger', 'sub'], // by when each was entered
    ]);
    expect(steps.map(({ parentStepSid }) => parentStepSid)).toEqual([steps[2]!.sid, steps[2]!.sid, null, null]);
    expect(await imported('again', flowOf())).toMatchObject({ status: 409, body: { code: 20409 } });
  });
});

describe('a subflow', () => {
  it('runs as it was published in the moment before', async () => {
    const child = await published(flowOf(say('hello', 'edition 1')));
    const [parent, phone] = [await published(flowOf(runs(child))), newPhone()];
    const lines: string[] = [];
    for (const edition of ['edition 2', 'edition 3', 'edition 4']) {
      await flow(child).update({ status: 'published', definition: flowOf(say('hello', edition)) });
      const execution = await started(parent, phone.number);
      lines.push(edition);
      await says(phone, lines);
      await ended(parent, execution.sid);
    }
  });
});

describe('removing a flow', () => {
  it('ends its executions and hides them', async () => {
    const sid = await published(conversation('Coffee?', 'Enjoy.'));
    const phone = newPhone();
    const execution = await started(sid, phone.number);
    await says(phone, ['Coffee?']);
    expect(await flow(sid).remove()).toBe(true);
    const end = await eventually('its end', async () => (await eventsOf(execution.sid)).find(({ type }) => type === 'com.twilio.studio.flow.execution.ended'), SLOW_MS);
    expect(end.data).toMatchObject({ status: 'ended', ended_reason: 'DELETED', flow_sid: sid, flow_revision: 1 });
    if (product.isCluster) await eventually('every service has heard of it', () => flow(sid).executions.list().then(() => false, () => true), 5_000);
    for (const call of [flow(sid).fetch(), flow(sid).executions.list(), flow(sid).executions(execution.sid).fetch(), started(sid, phone.number)])
      expect(await failureOf(call)).toMatchObject({ status: 404, code: 20404 });
    expect(await deliver(product, sid, { MessageSid: `SM${'5'.repeat(32)}`, From: phone.number, To: '+15557650000', Body: 'Hi' })).toMatchObject({ status: 404 });
  });
});

import 'reflect-metadata';
import { eventually, officialClient, testDatabase } from '@atelier/testing';
import { signatureOf } from '@atelier/twilio-client';
import type { Twilio } from 'twilio';
import type { Reply } from '../ingress/ingress.port';
import { sendReplies } from '../ingress/replies';
import type { ReplyTo } from '../ingress/stored-command';
import type { ExecutionView, StepView } from '../store/execution-reader.port';
import { EXECUTIONS_MIGRATIONS } from '../store/migrations';
import { ACCOUNT, FLOW, FORM, REDIRECTING, SampleDoors, TOKEN, emptyReader } from './sample-doors';

const EXECUTION = `FN${'c'.repeat(32)}` as const;
const view: ExecutionView = {
  sid: EXECUTION, account: ACCOUNT, flow: FLOW, contact: '+1', address: '+2', revision: 3, initiatedBy: `RQ${'d'.repeat(32)}`,
  status: 'active', createdAtMs: Date.parse('2026-01-31T12:00:00.900Z'), updatedAtMs: Date.parse('2026-01-31T12:00:05Z'),
};
const stepOf = (number: number): StepView => ({
  sid: `FT${'c'.repeat(28)}000${number}`, number, name: 'match', from: `a${number}`, to: 'b', type: 'split-based-on', createdAtMs: view.createdAtMs, updatedAtMs: view.updatedAtMs,
});

let doors: SampleDoors;
let client: Twilio;
beforeAll(async () => {
  doors = await SampleDoors.start(await testDatabase({ schema: 'executions', migrations: EXECUTIONS_MIGRATIONS }));
  client = officialClient(doors.url, ACCOUNT, TOKEN);
}, 120_000);
afterAll(() => doors?.close());
beforeEach(async () => {
  await doors.empty();
  // A claim makes the execution known to the inbox, as its start would.
  await doors.db.query('insert into claim (key, execution, shard) values ($1, $1, 0)', [EXECUTION.slice(2)]);
  doors.reader = { ...emptyReader, fetch: async () => view };
});

/** Stands in for the owner of the shard: answers what waits in the inbox. */
const ownerReplies = async (reply: Omit<Reply, 'execution'>): Promise<void> => {
  const to = await eventually('an input that waits for its reply', async () => (await doors.commands()).find((each) => each['reply'])?.['reply'] as ReplyTo | undefined);
  await sendReplies(doors.db, [{ to, reply: { execution: EXECUTION, ...reply } }]);
};
const failureOf = (promise: Promise<unknown>) => promise.then(() => undefined, (error: unknown) => error);
const execution = () => client.studio.v2.flows(FLOW).executions(EXECUTION);

describe('ending an execution', () => {
  it('answers it as it is after its owner ended it', async () => {
    const ended = execution().update({ status: 'ended' });
    await ownerReplies({ changed: true, status: 'ended' });
    expect(await ended).toMatchObject({ sid: EXECUTION, dateUpdated: new Date('2026-01-31T12:00:05Z') });
    expect(await doors.commands()).toEqual([expect.objectContaining({ input: { type: 'End', reason: 'API_REQUEST' } })]);
  });
  it('is a conflict where it had ended before, without asking anybody', async () => {
    doors.reader = { ...emptyReader, fetch: async () => ({ ...view, status: 'ended' }) };
    expect(await failureOf(execution().update({ status: 'ended' }))).toMatchObject({ status: 409, code: 20409 });
    expect(await doors.commands()).toEqual([]);
  });
  it('is a conflict where it ended while it was asked', async () => {
    const failure = failureOf(execution().update({ status: 'ended' }));
    await ownerReplies({ changed: false, status: 'ended' });
    expect(await failure).toMatchObject({ status: 409, code: 20409 });
  });
  it('is 503 where no worker decides in time: a repeat is harmless', async () =>
    expect(await failureOf(execution().update({ status: 'ended' }))).toMatchObject({ status: 503 }), 15_000);
});

describe('deleting an execution', () => {
  it('answers 204 once its owner has deleted it', async () => {
    const removed = execution().remove();
    await ownerReplies({ changed: true, status: 'deleted' });
    expect(await removed).toBe(true);
  });
  it('is 404 where somebody else was faster', async () => {
    const failure = failureOf(execution().remove());
    await ownerReplies({ changed: false, status: 'missing' });
    expect(await failure).toMatchObject({ status: 404, code: 20404 });
  });
});

describe('what the official client reads', () => {
  it('is the execution, with its links', async () =>
    expect((await execution().fetch()).toJSON()).toEqual({
      sid: EXECUTION, accountSid: ACCOUNT, flowSid: FLOW, context: {}, contactChannelAddress: '+1', contactSid: `FC${'0'.repeat(32)}`, flowVersion: 3,
      status: 'active', initiatedBy: view.initiatedBy, dateCreated: new Date('2026-01-31T12:00:00Z'), dateUpdated: new Date('2026-01-31T12:00:05Z'),
      url: `${doors.url}/v2/Flows/${FLOW}/Executions/${EXECUTION}`,
      links: { steps: `${doors.url}/v2/Flows/${FLOW}/Executions/${EXECUTION}/Steps`, execution_context: `${doors.url}/v2/Flows/${FLOW}/Executions/${EXECUTION}/Context` },
    }));
  it('is its context', async () => {
    doors.reader = { ...emptyReader, context: async () => ({ flow: { data: { n: 1 } } }) };
    expect((await execution().executionContext().fetch()).toJSON()).toMatchObject({ executionSid: EXECUTION, context: { flow: { data: { n: 1 } } } });
  });
  it('are its steps over pages, newest first, and back', async () => {
    const steps = [5, 4, 3, 2, 1].map(stepOf);
    doors.reader = {
      ...emptyReader,
      steps: async (_, __, ___, { limit, before = Infinity, after }) =>
        (after === undefined ? steps.filter(({ number }) => number < before) : steps.filter(({ number }) => number > after).reverse()).slice(0, limit),
    };
    expect((await execution().steps.list({ pageSize: 2 })).map(({ transitionedFrom }) => transitionedFrom)).toEqual(['a5', 'a4', 'a3', 'a2', 'a1']);
    const second = await (await execution().steps.page({ pageSize: 2 })).nextPage();
    expect((await second?.previousPage())?.instances.map(({ transitionedFrom }) => transitionedFrom)).toEqual(['a5', 'a4']);
  });
  it('is one step and its context', async () => {
    doors.reader = { ...emptyReader, step: async () => stepOf(2), stepContext: async () => ({ widgets: {} }) };
    const step = execution().steps(stepOf(2).sid);
    expect(await step.fetch()).toMatchObject({ name: 'match', transitionedFrom: 'a2', transitionedTo: 'b', executionSid: EXECUTION, parentStepSid: null });
    expect(await step.stepContext().fetch()).toMatchObject({ stepSid: stepOf(2).sid, context: { widgets: {} } });
  });
  it('are executions by status and date: from inclusive, to exclusive', async () => {
    let asked: unknown;
    doors.reader = { ...emptyReader, list: async (_, __, query) => ((asked = query), [view]) };
    const filters = { status: 'active' as const, dateCreatedFrom: new Date('2026-01-31T00:00:00Z'), dateCreatedTo: new Date('2026-02-01T00:00:00Z') };
    expect(await client.studio.v2.flows(FLOW).executions.list({ ...filters, limit: 10 })).toHaveLength(1);
    expect(asked).toMatchObject({ status: 'active', createdFromMs: filters.dateCreatedFrom.getTime(), createdToMs: filters.dateCreatedTo.getTime() - 1 });
  });
  it('of v1 names the engagement', async () => {
    doors.reader = { ...emptyReader, fetch: async () => view, context: async () => ({}) };
    const engagement = client.studio.v1.flows(FLOW).engagements(EXECUTION);
    expect(await engagement.fetch()).toMatchObject({ sid: EXECUTION, links: { engagement_context: expect.stringContaining('/v1/') } });
    expect(await engagement.engagementContext().fetch()).toMatchObject({ engagementSid: EXECUTION });
  });
  it('of v1 is the active execution where one is created again', async () => {
    const create = () => client.studio.v1.flows(FLOW).executions.create({ to: '+1555', from: '+2' });
    await create();
    expect(await create()).toMatchObject({ sid: EXECUTION, status: 'active' });
  });
});

describe('a message to a flow that can redirect', () => {
  const path = `/v1/Accounts/${ACCOUNT}/Flows/${REDIRECTING}`;
  const sms = { MessageSid: 'SM1', From: '+1', To: '+2', Body: 'hi' };
  const twiml = '<Response><Redirect method="POST">https://example.com/</Redirect></Response>';
  const post = () => doors.send('POST', path, { 'content-type': FORM, 'x-twilio-signature': signatureOf(TOKEN, doors.url + path, sms) }, new URLSearchParams(sms).toString());

  it('is answered with its TwiML, and so is its repetition', async () => {
    const first = post();
    await ownerReplies({ changed: true, status: 'active', twiml });
    expect(await first).toMatchObject({ status: 200, type: 'text/xml', text: twiml });
    doors.reader = { ...emptyReader, twiml: async () => twiml };
    expect(await post()).toMatchObject({ status: 200, text: twiml });
    expect(await doors.commands()).toHaveLength(1);
  });
  it('is answered with nothing to do where no TwiML comes within five seconds', async () => expect(await post()).toMatchObject({ status: 200, text: '<Response/>' }), 15_000);
});

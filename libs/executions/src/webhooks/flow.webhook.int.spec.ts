import 'reflect-metadata';
import { testDatabase } from '@atelier/testing';
import { signatureOf, withBodyHash } from '@atelier/twilio-client';
import { EXECUTIONS_MIGRATIONS } from '../store/migrations';
import { ACCOUNT, DRAFT, FLOW, FORM, MISSING, OTHER, STRANGER, SampleDoors, TOKEN } from '../http/sample-doors';

let doors: SampleDoors;
beforeAll(async () => {
  doors = await SampleDoors.start(await testDatabase({ schema: 'executions', migrations: EXECUTIONS_MIGRATIONS }));
}, 120_000);
afterAll(() => doors?.close());
beforeEach(() => doors.empty());

describe('the webhook of a flow', () => {
  const path = `/v1/Accounts/${ACCOUNT}/Flows/${FLOW}`;
  const sms = { MessageSid: 'SM1', From: '+15551230001', To: '+15557650001', Body: 'hi' };
  const post = (form: Record<string, string>, { at = path, signature = signatureOf(TOKEN, doors.url + at, form), headers = {}, base = doors.url } = {}) =>
    doors.send('POST', at, { 'content-type': FORM, 'x-twilio-signature': signature, ...headers }, new URLSearchParams(form).toString(), base);

  it('200: a signed message is in the inbox before it is answered with nothing to do', async () => {
    expect(await post(sms)).toMatchObject({ status: 200, type: 'text/xml', text: '<Response/>' });
    expect(await doors.commands()).toEqual([
      expect.objectContaining({ parameters: sms, start: expect.objectContaining({ trigger: { event: 'incomingMessage', data: sms, contact: sms.From, address: sms.To, initiatedBy: 'SM1' } }) }),
    ]);
  });
  it('200: the same by GET', async () => {
    const at = `${path}?${new URLSearchParams(sms).toString()}`;
    expect(await doors.send('GET', at, { 'x-twilio-signature': signatureOf(TOKEN, doors.url + at) })).toMatchObject({ status: 200, text: '<Response/>' });
    expect(await doors.commands()).toEqual([expect.objectContaining({ parameters: sms })]);
  });
  it('200: the same as JSON, signed by the hash of its body', async () => {
    const body = JSON.stringify(sms);
    const signed = withBodyHash(new URL(doors.url + path), body);
    const headers = { 'content-type': 'application/json', 'x-twilio-signature': signatureOf(TOKEN, signed.href) };
    expect(await doors.send('POST', path + signed.search, headers, body)).toMatchObject({ status: 200, text: '<Response/>' });
    expect((await doors.send('POST', path + signed.search, headers, body.replace('hi', 'ho'))).status).toBe(403);
    expect(await doors.commands()).toEqual([expect.objectContaining({ parameters: sms })]);
  });
  it('200: delivered twice, with whatever token, changes nothing and is answered the same', async () => {
    const [first, second] = [await post(sms), await post(sms, { headers: { 'i-twilio-idempotency-token': 't' } })];
    expect(second).toEqual(first);
    expect(await doors.commands()).toHaveLength(1);
  });
  it('200: handed on to another flow by a redirect, the message is a new one there, and so is the return', async () => {
    const next = `/v1/Accounts/${ACCOUNT}/Flows/${OTHER}`;
    for (const at of [path, next, `${next}?FlowEvent=return`, `${path}?FlowEvent=return`]) for (let i = 0; i < 2; i++) expect((await post(sms, { at })).status).toBe(200);
    expect((await doors.commands()).map((each) => [(each['start'] as { flow: string }).flow, each['event']]).sort()).toEqual([[FLOW, undefined], [FLOW, 'return'], [OTHER, undefined], [OTHER, 'return']]);
  });
  it.each([
    ['forged', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
    ['missing', ''],
    ['of other parameters', signatureOf(TOKEN, 'http://x', {})],
  ])('403: a signature that is %s', async (_, signature) => {
    const { status, text } = await post(sms, { signature });
    expect([status, JSON.parse(text)]).toEqual([403, expect.objectContaining({ code: 57012, status: 403 })]);
    expect(await doors.commands()).toEqual([]);
  });
  it('403: a signature of another path of the same account', async () =>
    expect((await post(sms, { signature: signatureOf(TOKEN, `${doors.url}/v1/Accounts/${ACCOUNT}/Flows/${MISSING}`, sms) })).status).toBe(403));
  it('200: without a signature where the check is off, which health tells', async () => {
    const laboratory = await doors.open({ signatureCheck: 'off' });
    expect((await post(sms, { signature: '', base: laboratory })).status).toBe(200);
    expect(JSON.parse((await doors.send('GET', '/health', {}, undefined, laboratory)).text)).toMatchObject({ webhook_signature_check: 'off' });
  });
  it('404: an unknown flow and an unknown account', async () => {
    expect((await post(sms, { at: path.replace(FLOW, MISSING) })).status).toBe(404);
    expect((await post(sms, { at: path.replace(ACCOUNT, STRANGER) })).status).toBe(404);
  });
  it('200: a flow without a published revision starts nothing', async () => {
    expect(await post(sms, { at: path.replace(FLOW, DRAFT) })).toMatchObject({ status: 200, text: '<Response/>' });
    expect(await doors.commands()).toEqual([]);
  });
  it.each([
    ['that is nothing we know', { Foo: '1' }, 20001],
    ['without its sender', { MessageSid: 'SM1', To: '+1' }, 20001],
    ['with addresses of more than 300 bytes', { ...sms, From: 'x'.repeat(300) }, 81023],
  ])('400: a request %s', async (_, form, code) => expect(JSON.parse((await post(form as Record<string, string>)).text)).toMatchObject({ status: 400, code }));
  it('400: a signed JSON body that is no object', async () => {
    const signed = withBodyHash(new URL(doors.url + path), '[1]');
    const headers = { 'content-type': 'application/json', 'x-twilio-signature': signatureOf(TOKEN, signed.href) };
    expect((await doors.send('POST', path + signed.search, headers, '[1]')).status).toBe(400);
  });
  it('413: a message of more than 1 MiB', async () => expect((await post({ ...sms, Body: 'x'.repeat(1_100_000) })).status).toBe(413));
  it('200: a call is rejected while voice is not executed; an ended one needs nothing', async () => {
    expect(await post({ CallSid: 'CA1', CallStatus: 'ringing', From: '+1', To: '+2' })).toMatchObject({ type: 'text/xml', text: '<Response><Reject/></Response>' });
    expect(await post({ CallSid: 'CA1', CallStatus: 'completed', From: '+1', To: '+2' })).toMatchObject({ text: '<Response/>' });
  });
  it('200: a status of a message that nobody knows', async () =>
    expect(await post({ MessageSid: 'SM1', MessageStatus: 'delivered' }, { at: `${path}?ExecutionSid=FN${'c'.repeat(32)}` })).toMatchObject({ status: 200 }));
  it('200: statuses and events reach the execution that the URL names', async () => {
    const { body } = await doors.rest('POST', `/v2/Flows/${FLOW}/Executions`, { To: '+1', From: '+2' });
    await post({ MessageSid: 'SM1', MessageStatus: 'failed' }, { at: `${path}?ExecutionSid=${body['sid']}&StepSid=FT1` });
    await post({ MessageSid: 'SM1', MessageStatus: 'failed' }, { at: `/v1/Accounts/${ACCOUNT}/Flows/${FLOW}?ExecutionSid=FN${'d'.repeat(32)}` });
    expect((await doors.commands()).slice(1)).toEqual([
      expect.objectContaining({ execution: body['sid'], account: ACCOUNT, input: expect.objectContaining({ type: 'MessageStatus', messageSid: 'SM1', status: 'failed' }) }),
    ]);
  });
  it('404: an event for an execution that does not exist', async () =>
    expect((await post({}, { at: `${path}?FlowEvent=return&ExecutionSid=FN${'c'.repeat(32)}` })).status).toBe(404));
  it('429: beyond the account’s rate of new executions', async () => {
    const limited = await doors.open({ inboundPerSecondMax: 1 });
    const answers = [];
    for (const n of [1, 2]) {
      const form = { ...sms, MessageSid: `SM${n}`, From: `+1${n}` };
      answers.push(await post(form, { signature: signatureOf(TOKEN, limited + path, form), base: limited }));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
  });
});

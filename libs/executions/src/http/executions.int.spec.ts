import 'reflect-metadata';
import { officialClient, testDatabase } from '@atelier/testing';
import { EXECUTIONS_MIGRATIONS } from '../store/migrations';
import { ACCOUNT, DRAFT, FLOW, FORM, MISSING, STRANGER, SampleDoors, TESTER, TOKEN, basic } from './sample-doors';

let doors: SampleDoors;
beforeAll(async () => {
  doors = await SampleDoors.start(await testDatabase({ schema: 'executions', migrations: EXECUTIONS_MIGRATIONS }));
}, 120_000);
afterAll(() => doors?.close());
beforeEach(() => doors.empty());

describe('POST /v2/Flows/{FW}/Executions', () => {
  const path = `/v2/Flows/${FLOW}/Executions`;
  const form = { To: '+15551230001', From: '+15557650001' };

  it('201: the official client creates one, recorded with the request that asked', async () => {
    const client = officialClient(doors.url, ACCOUNT, TOKEN);
    const made = await client.studio.v2.flows(FLOW).executions.create({ to: form.To, from: form.From, parameters: { name: 'Ada', n: 1 } });
    expect(made).toMatchObject({ accountSid: ACCOUNT, flowSid: FLOW, status: 'active', contactChannelAddress: form.To, context: {}, url: `${doors.url}${path}/${made.sid}` });
    expect(Math.abs(made.dateCreated.getTime() - Date.now())).toBeLessThan(60_000);
    const [command] = await doors.commands();
    expect(command).toMatchObject({
      start: {
        execution: made.sid,
        revision: 3,
        trigger: { event: 'incomingRequest', initiatedBy: expect.stringMatching(/^RQ[0-9a-f]{32}$/), data: { to: form.To, from: form.From, parameters: { name: 'Ada', n: 1 } } },
      },
    });
  });

  it('409: names the execution that is active for this contact', async () => {
    const first = await doors.rest('POST', path, form);
    const { status, body } = await doors.rest('POST', path, form);
    expect([status, body]).toEqual([
      409,
      {
        code: 20409,
        status: 409,
        more_info: 'https://www.twilio.com/docs/errors/20409',
        message: `Execution ${first.body['sid']} is already active for this contact. End the active Execution before creating a new one`,
        details: { conflicting_execution_sid: first.body['sid'] },
      },
    ]);
    expect(await doors.commands()).toHaveLength(1);
  });

  it.each([
    ['without To', { From: '+1' }, { code: 20001, message: 'Missing required parameter To in the post body' }],
    ['without From', { To: '+1' }, { code: 20001, message: 'Missing required parameter From in the post body' }],
    ['with U+0000 in an address', { ...form, To: 'a\u0000' }, { code: 20001 }],
    ['with Parameters that are no JSON', { ...form, Parameters: '{' }, { code: 20001 }],
    ['with Parameters that are an array', { ...form, Parameters: '[]' }, { code: 20001 }],
    ['with Parameters that are a scalar', { ...form, Parameters: '1' }, { code: 20001 }],
    ['with Parameters nested too deep', { ...form, Parameters: `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}` }, { code: 20001 }],
    ['with Parameters that are too large', { ...form, Parameters: JSON.stringify({ a: 'x'.repeat(300_000) }) }, { code: 20001 }],
    ['with To and From of more than 300 bytes', { To: 'ü'.repeat(150), From: 'x' }, { code: 81023 }],
  ])('400: %s', async (_, values, error) => {
    const { status, body } = await doors.rest('POST', path, values as Record<string, string>);
    expect([status, body]).toEqual([400, expect.objectContaining(error)]);
    expect(await doors.commands()).toEqual([]);
  });

  it('201: To and From of exactly 300 bytes', async () => expect((await doors.rest('POST', path, { To: 'ü'.repeat(149), From: 'xx' })).status).toBe(201));
  it('201: escapes that no text column holds', async () => {
    expect((await doors.rest('POST', path, { ...form, Parameters: '{"a":"\\u0000\\ud800"}' })).status).toBe(201);
    expect((await doors.commands())[0]).toMatchObject({ start: { trigger: { data: { parameters: { a: '\u0000\ud800' } } } } });
  });
  it('400: a flow without a published revision, except for its test users', async () => {
    const { status, body } = await doors.rest('POST', `/v2/Flows/${DRAFT}/Executions`, form);
    expect([status, body]).toEqual([400, expect.objectContaining({ code: 20001, message: `Flow ${DRAFT} has no published revision` })]);
    expect((await doors.rest('POST', `/v2/Flows/${DRAFT}/Executions`, { ...form, To: TESTER })).status).toBe(201);
  });
  it('401: without credentials', async () => expect((await doors.send('POST', path, { 'content-type': FORM }, 'To=1&From=2')).status).toBe(401));
  it('404: an unknown flow, and another account’s', async () => {
    expect((await doors.rest('POST', `/v2/Flows/${MISSING}/Executions`, form)).status).toBe(404);
    expect((await doors.rest('POST', path, form, STRANGER)).status).toBe(404);
  });
  it('400: a body that is not JSON', async () =>
    expect((await doors.send('POST', path, { ...basic(ACCOUNT), 'content-type': 'application/json' }, '{"To":')).status).toBe(400));
  it('413: a body that is too large', async () =>
    expect((await doors.send('POST', path, { ...basic(ACCOUNT), 'content-type': FORM }, `To=${'x'.repeat(4 * 1024 * 1024)}`)).status).toBe(413));
  it('429: beyond the account’s rate, with when to come again', async () => {
    const limited = await doors.open({ restPerSecondMax: 2 });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await doors.rest('POST', path, { ...form, To: `+1555000000${i}` }, ACCOUNT, limited));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 429]);
    expect(answers[2]).toMatchObject({ retryAfter: '1', body: { code: 20429 } });
  });
});

describe('the other REST routes', () => {
  const FN = `FN${'c'.repeat(32)}`;
  const FT = `FT${'c'.repeat(32)}`;
  const of = (path: string) => ['v2/Flows', 'v1/Flows'].map((root) => `/${root}/${FLOW}/Executions/${FN}${path}`).concat(`/v1/Flows/${FLOW}/Engagements/${FN}${path}`);

  it.each([...of(''), ...of('/Context'), ...of('/Steps'), ...of(`/Steps/${FT}`), ...of(`/Steps/${FT}/Context`)])('404: GET %s of an execution that does not exist', async (path) =>
    expect((await doors.rest('GET', path)).body).toMatchObject({ code: 20404, status: 404, message: `The requested resource ${path} was not found` }));
  it.each(of(''))('404: DELETE %s', async (path) => expect((await doors.rest('DELETE', path)).status).toBe(404));
  it('404: ending what does not exist; 400: a status that is no end', async () => {
    const path = `/v2/Flows/${FLOW}/Executions/${FN}`;
    expect((await doors.rest('POST', path, { Status: 'ended' })).status).toBe(404);
    expect((await doors.rest('POST', path, { Status: 'active' })).body).toMatchObject({ status: 400, code: 20001 });
    expect((await doors.rest('POST', path, {})).body).toMatchObject({ status: 400, message: 'Missing required parameter Status in the post body' });
  });
  it('405: Engagements cannot be ended', async () => expect((await doors.rest('POST', `/v1/Flows/${FLOW}/Engagements/${FN}`, { Status: 'ended' })).status).toBe(405));
  it('200: lists are named after their resource', async () => {
    expect((await doors.rest('GET', `/v2/Flows/${FLOW}/Executions?status=active&DateCreatedFrom=2026-01-01`)).body).toMatchObject({ executions: [], meta: { key: 'executions' } });
    expect((await doors.rest('GET', `/v1/Flows/${FLOW}/Engagements`)).body).toMatchObject({ engagements: [], meta: { key: 'engagements' } });
  });
  it.each(['status=paused', 'Status=paused', 'DateCreatedFrom=yesterday', 'DateCreatedTo=2026-02-30', 'PageSize=0', 'PageToken=x'])('400: a list with %s', async (query) =>
    expect((await doors.rest('GET', `/v2/Flows/${FLOW}/Executions?${query}`)).body).toMatchObject({ status: 400, code: 20001 }));
  it('200: v1 knows no status filter', async () => {
    for (const status of ['ended', 'paused']) expect((await doors.rest('GET', `/v1/Flows/${FLOW}/Executions?status=${status}`)).status).toBe(200);
    expect((await doors.rest('GET', `/v1/Flows/${FLOW}/Executions?DateCreatedFrom=yesterday`)).status).toBe(400);
  });
  it('404: lists of an unknown flow', async () => expect((await doors.rest('GET', `/v2/Flows/${MISSING}/Executions`)).status).toBe(404));
  it('404: an identifier of another kind', async () => expect((await doors.rest('GET', `/v2/Flows/${FLOW}/Executions/${FT}`)).status).toBe(404));
  it('200: v1 answers a create without revision and request', async () => {
    const { status, body } = await doors.rest('POST', `/v1/Flows/${FLOW}/Engagements`, { To: '+1', From: '+2' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ links: { steps: expect.stringContaining('/Engagements/FN'), engagement_context: expect.any(String) } });
    expect(body).not.toHaveProperty('flow_version');
    expect(body).not.toHaveProperty('initiated_by');
  });
});

import 'reflect-metadata';
import type { AccountSid } from '@atelier/contracts';
import { type Database, newSid } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { ACCOUNT, FLOW, MISSING, OPERATOR, STRANGER, SampleDoors } from '../http/sample-doors';
import { TriggerResults } from '../publish/trigger-results';
import { EXECUTIONS_DATABASE } from '../store/migrations';

const PATH = '/atelier/v1/Operations/Executions/DeadLetters';
const FROM = '+15557650001';
type Shown = { readonly id: string; readonly consumer: string; readonly reason: string };

let db: Database;
let doors: SampleDoors;
let contacts = 0;
beforeAll(async () => {
  db = await testDatabase(EXECUTIONS_DATABASE);
  doors = await SampleDoors.start(db);
}, 90_000);
afterAll(() => doors.close());
beforeEach(async () => {
  await doors.empty();
  await db.query('truncate dead_letter, trigger_result');
});

const letter = async (consumer: string, event: object, account: AccountSid | null = ACCOUNT): Promise<number> => {
  const body = JSON.stringify({ log: 'foreign', shard: 1, pos: 9, ...event });
  const sql = `insert into dead_letter (consumer, log, shard, pos, reason, body, account) values ($1, 'foreign', 1, 9, 'it was \\"odd\\"', $2, $3) returning id::float8 as id`;
  return (await db.query<{ id: number }>(sql, [consumer, body, account]))[0]?.id ?? 0;
};
const triggerOf = (key: string, flow: string = FLOW, account: AccountSid = ACCOUNT): object => ({
  specversion: '1.0', id: key, source: '/orders', type: 'atelier.trigger.v1',
  data: { account_sid: account, flow_sid: flow, to: `+1558${String(++contacts).padStart(7, '0')}`, from: FROM, idempotency_key: key },
});
const asOperator = async (method: string, path: string) => {
  const { status, text } = await doors.send(method, path, { authorization: `Bearer ${OPERATOR}` });
  return { status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
};
const idsOf = (body: Record<string, unknown>): readonly number[] => (body['dead_letters'] as Shown[]).map(({ id }) => Number(id));
const results = async (): Promise<readonly unknown[]> => (await new TriggerResults(db).source.read(0, 0, 100)).map(({ data }) => data['status']);

describe('GET /atelier/v1/Operations/Executions/DeadLetters', () => {
  it('200: the newest first, in pages, an account’s own; an operator’s are all', async () => {
    const mine: number[] = [];
    for (let n = 0; n < 3; n++) mine.push(await letter('triggers', triggerOf(`k${n}`)));
    const nobodys = await letter('triggers', { data: 'unreadable' }, null);
    const first = await doors.rest('GET', `${PATH}?PageSize=2`);
    const { next_page_url: next } = first.body['meta'] as { next_page_url: string };
    const second = await doors.rest('GET', next.slice(doors.url.length));
    const { previous_page_url: previous } = second.body['meta'] as { previous_page_url: string };
    expect([idsOf(first.body), idsOf(second.body)]).toEqual([[mine[2], mine[1]], [mine[0]]]);
    expect(idsOf((await doors.rest('GET', previous.slice(doors.url.length))).body)).toEqual([mine[2], mine[1]]);
    expect(idsOf((await asOperator('GET', PATH)).body)).toEqual([nobodys, ...[...mine].reverse()]);
    expect(idsOf((await doors.rest('GET', PATH, undefined, STRANGER)).body)).toEqual([]);
    expect((await doors.send('GET', PATH, {})).status).toBe(401);
  });
});

describe('GET /atelier/v1/Operations/Executions/DeadLetters/{id}', () => {
  it('200 with the event as it was, 404 for another account’s and for what is not there', async () => {
    const event = triggerOf('looked-at');
    const id = await letter('triggers', event);
    expect(await doors.rest('GET', `${PATH}/${id}`)).toMatchObject({
      status: 200, body: { id: String(id), consumer: 'triggers', log: 'foreign', shard: 1, pos: 9, reason: 'it was "odd"', url: `${doors.url}${PATH}/${id}`, event },
    });
    expect(await doors.rest('GET', `${PATH}/${id}`, undefined, STRANGER)).toMatchObject({ status: 404, body: { code: 20404, status: 404 } });
    for (const none of [String(id + 1), '0', 'x']) expect((await doors.rest('GET', `${PATH}/${none}`)).status).toBe(404);
  });
});

describe('POST /atelier/v1/Operations/Executions/DeadLetters/{id}/Redrive', () => {
  it('200 once, however many ask at the same moment: a trigger record starts one execution and has one result', async () => {
    const id = await letter('triggers', triggerOf('redriven'));
    const answers = await Promise.all(Array.from({ length: 5 }, () => doors.rest('POST', `${PATH}/${id}/Redrive`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404]);
    expect((await doors.commands()).length).toBe(1);
    expect(['started', 'duplicate']).toContainEqual((await results())[0]);
    expect((await results()).length).toBe(1);
    expect((await doors.rest('GET', `${PATH}/${id}`)).status).toBe(404);
  });

  it('200 for a record that is refused for good reasons: that is its result, and there is nothing left to look at', async () => {
    const id = await letter('triggers', triggerOf('of no flow', MISSING));
    expect(await doors.rest('POST', `${PATH}/${id}/Redrive`)).toMatchObject({ status: 200, body: { id: String(id), status: 'redriven' } });
    expect(await results()).toEqual(['rejected']);
  });

  it('409 for what still cannot be handled, with the reason: it stays', async () => {
    const unreadable = await letter('triggers', { data: { account_sid: ACCOUNT } });
    const odd = await letter('executions', { type: 'flow.deleted', data: { account_sid: ACCOUNT } });
    for (const id of [unreadable, odd]) {
      expect(await doors.rest('POST', `${PATH}/${id}/Redrive`)).toMatchObject({ status: 409, body: { code: 20409, status: 409, message: expect.stringMatching(/still cannot be/) as string } });
      expect((await doors.rest('GET', `${PATH}/${id}`)).status).toBe(200);
    }
    expect(await results()).toEqual([]);
  });

  it('200 for an event of flows: what it ends is ended', async () => {
    const execution = newSid('FN');
    let isListed = false;
    doors.reader = { ...doors.reader, list: async () => (isListed ? [] : ((isListed = true), [{ sid: execution }])) as never };
    await db.query('insert into claim (key, execution, shard) values ($1, $2, 3)', [newSid('FN').slice(2), execution.slice(2)]);
    const id = await letter('executions', { type: 'flow.deleted', data: { account_sid: ACCOUNT, flow_sid: FLOW } });
    expect((await doors.rest('POST', `${PATH}/${id}/Redrive`)).status).toBe(200);
    expect(await doors.commands()).toMatchObject([{ execution, input: { type: 'End', reason: 'DELETED' } }]);
  });

  it('200 although somebody drops it meanwhile: who comes second finds nothing, and nothing is both', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    let isAsked = false;
    doors.reader = { ...doors.reader, list: async () => ((isAsked = true), await gate, []) };
    const id = await letter('executions', { type: 'flow.deleted', data: { account_sid: ACCOUNT, flow_sid: FLOW } });
    const redriven = doors.rest('POST', `${PATH}/${id}/Redrive`);
    await eventually('it is being handled', () => isAsked);
    const dropped = doors.rest('DELETE', `${PATH}/${id}`);
    await eventually('the other waits', async () => (await db.query(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%insert into dropped%'`)).length > 0);
    go();
    expect([(await redriven).status, (await dropped).status]).toEqual([200, 404]);
    expect(await db.query('select from dropped where item = $1', [id])).toEqual([]);
  }, 20_000);

  it('404 for another account’s', async () => {
    const id = await letter('triggers', triggerOf('not theirs'));
    expect((await doors.rest('POST', `${PATH}/${id}/Redrive`, undefined, STRANGER)).status).toBe(404);
    expect(await doors.commands()).toEqual([]);
  });
});

describe('DELETE /atelier/v1/Operations/Executions/DeadLetters/{id}', () => {
  it('204 once, however many ask; nothing happens of it', async () => {
    const id = await letter('triggers', triggerOf('dropped'));
    const answers = await Promise.all(Array.from({ length: 3 }, () => doors.rest('DELETE', `${PATH}/${id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404]);
    expect([await results(), await doors.commands()]).toEqual([[], []]);
  });

  it('404 for another account’s, for operators alone what is nobody’s', async () => {
    const [mine, nobodys] = [await letter('triggers', triggerOf('mine')), await letter('triggers', {}, null)];
    expect((await doors.rest('DELETE', `${PATH}/${mine}`, undefined, STRANGER)).status).toBe(404);
    expect((await doors.rest('DELETE', `${PATH}/${nobodys}`)).status).toBe(404);
    expect((await asOperator('DELETE', `${PATH}/${nobodys}`)).status).toBe(204);
    expect(await db.query('select kind, who, account from dropped where item = $1', [nobodys])).toEqual([{ kind: 'dead_letter', who: 'operator', account: null }]);
  });
});

import 'reflect-metadata';
import type { ExecutionSid } from '@atelier/contracts';
import { type Database, newExecutionSid, newSid } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { ACCOUNT, OPERATOR, STRANGER, SampleDoors } from '../http/sample-doors';
import { shardOf } from '../ingress/keys';
import { type SampleFlow, SampleExecutions } from '../samples/sample-executions';
import { digits } from '../store/columns';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import type { ExecutionWorker } from '../worker/worker';

const PATH = '/atelier/v1/Operations/ParkedInputs';
const PATIENCE_MS = 20_000;
type Shown = { readonly id: string; readonly kind: string; readonly account_sid: string | null; readonly execution_sid: string | null; readonly reason: string; readonly url: string };

let db: Database;
let doors: SampleDoors;
let samples: SampleExecutions;
let worker: ExecutionWorker | undefined;
beforeAll(async () => {
  db = await testDatabase(EXECUTIONS_DATABASE);
  samples = new SampleExecutions(db);
  doors = await SampleDoors.start(db);
}, 90_000);
afterAll(async () => {
  await worker?.stop();
  await samples.ingress.close();
  await doors.close();
});
beforeEach(() => db.query('truncate parked'));

const asOperator = async (method: string, path: string) => {
  const { status, text } = await doors.send(method, path, { authorization: `Bearer ${OPERATOR}` });
  return { status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
};
const shown = (body: Record<string, unknown>): readonly Shown[] => body['parked_inputs'] as Shown[];

const startOf = (flow: SampleFlow, contact = samples.contact()) => ({ ...samples.startOf(flow, contact), account: ACCOUNT });
const parked = async (body: object | string, account: string | null = ACCOUNT, shard = 5): Promise<number> => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const sql = `insert into parked (shard, account, reason, body) values ($1, $2, 'command:7: Defect: a \\"reason\\"', $3) returning id::float8 as id`;
  return (await db.query<{ id: number }>(sql, [shard, account && digits(account), text]))[0]?.id ?? 0;
};
/** A create as its owner parked it: what it claimed is given back. */
const parkedCreate = async (flow: SampleFlow = 'plain', contact = samples.contact()): Promise<{ id: number; execution: ExecutionSid; contact: string }> => {
  const start = startOf(flow, contact);
  const id = await parked({ start, keys: [digits(newSid('FN'))] }, ACCOUNT, shardOf(ACCOUNT, start.flow, contact));
  return { id, execution: start.execution, contact };
};
const openOf = (table: 'effect' | 'timer', execution: ExecutionSid) =>
  eventually(`it has one ${table}`, async () => (await db.query<{ shard: number; step: number }>(`select shard, step from ${table} where execution = $1`, [digits(execution)]))[0], PATIENCE_MS);
const commands = (): Promise<{ execution: string }[]> => db.query(`select execution::text as execution from command`);
const view = (flow: SampleFlow, sid: ExecutionSid) => samples.reader.fetch(ACCOUNT, samples.flows[flow], sid);
const ended = (flow: SampleFlow, sid: ExecutionSid) => eventually('the end', async () => (await view(flow, sid))?.status === 'ended', PATIENCE_MS);

describe('GET /atelier/v1/Operations/ParkedInputs', () => {
  it('200: the newest first, in pages that clients follow, an account’s own; an operator’s are all', async () => {
    const mine: number[] = [];
    for (let n = 0; n < 5; n++) mine.push((await parkedCreate()).id);
    const [theirs, nobodys] = [await parked({ from: 'timer', execution: newExecutionSid(Date.now()), step: 1 }, STRANGER), await parked('no JSON', null)];
    const ids: number[] = [];
    for (let next: string | null = `${PATH}?PageSize=2`; next; ) {
      const { status, body } = await doors.rest('GET', next);
      expect(status).toBe(200);
      ids.push(...shown(body).map(({ id }) => Number(id)));
      const { next_page_url: url, key } = body['meta'] as { next_page_url: string | null; key: string };
      expect(key).toBe('parked_inputs');
      next = url && url.slice(doors.url.length);
    }
    expect(ids).toEqual([...mine].reverse());
    expect(shown((await asOperator('GET', PATH)).body).map(({ id }) => Number(id))).toEqual([nobodys, theirs, ...[...mine].reverse()]);
    expect(shown((await doors.rest('GET', PATH, undefined, STRANGER)).body).map(({ id, kind }) => [Number(id), kind])).toEqual([[theirs, 'timer']]);
  });

  it('400 for a page of another list, 401 without credentials', async () => {
    expect(await doors.rest('GET', `${PATH}?PageToken=nonsense`)).toMatchObject({ status: 400, body: { code: 20001 } });
    expect((await doors.send('GET', PATH, {})).status).toBe(401);
    expect((await doors.send('GET', PATH, { authorization: 'Bearer wrong' })).status).toBe(401);
  });
});

describe('GET /atelier/v1/Operations/ParkedInputs/{id}', () => {
  it('200: what it was, why it is here, and itself', async () => {
    const { id, execution, contact } = await parkedCreate();
    const { status, body } = await doors.rest('GET', `${PATH}/${id}`);
    expect([status, body]).toEqual([200, {
      id: String(id), kind: 'create', account_sid: ACCOUNT, flow_sid: samples.flows.plain, execution_sid: execution, shard: shardOf(ACCOUNT, samples.flows.plain, contact),
      reason: 'command:7: Defect: a "reason"', date_created: expect.stringMatching(/^\d{4}-.*Z$/) as string, url: `${doors.url}${PATH}/${id}`, input: expect.stringContaining(contact) as string,
    }]);
  });

  it('404 for another account’s, for what is not there, and for what is no number', async () => {
    const { id } = await parkedCreate();
    const refused = { status: 404, body: { code: 20404, status: 404, message: expect.any(String) as string, more_info: expect.stringContaining('20404') as string } };
    expect(await doors.rest('GET', `${PATH}/${id}`, undefined, STRANGER)).toMatchObject(refused);
    for (const none of [String(id + 1), '0', '-1', '1e1', 'x', '99999999999999999999']) expect(await doors.rest('GET', `${PATH}/${none}`)).toMatchObject(refused);
  });
});

describe('POST /atelier/v1/Operations/ParkedInputs/{id}/Retry', () => {
  beforeAll(async () => (worker = await samples.start()));
  afterAll(async () => {
    await worker?.stop();
    worker = undefined;
  });

  it('200: a create runs, under the SID that it was acknowledged with', async () => {
    const { id, execution } = await parkedCreate();
    expect(await doors.rest('POST', `${PATH}/${id}/Retry`)).toMatchObject({ status: 200, body: { id: String(id), status: 'retried', execution_sid: execution } });
    await ended('plain', execution);
    expect((await doors.rest('GET', `${PATH}/${id}`)).status).toBe(404);
  }, 30_000);

  it('200: a message reaches the execution that waits for it now', async () => {
    const start = startOf('ask');
    await samples.ingress.create(start);
    await openOf('timer', start.execution);
    const [claim] = await db.query<{ key: string }>('select key::text as key from claim where execution = $1', [digits(start.execution)]);
    const id = await parked({ start: startOf('ask', start.trigger.contact), keys: [claim?.key], parameters: { Body: 'at last' } });
    expect((await doors.rest('POST', `${PATH}/${id}/Retry`)).status).toBe(200);
    await ended('ask', start.execution);
    expect(await samples.reader.context(ACCOUNT, samples.flows.ask, start.execution)).toMatchObject({ widgets: { ask: { inbound: { Body: 'at last' } } } });
  }, 30_000);

  it('200: an outcome ends the step that waits for it, a timer the wait that is over', async () => {
    const [sending, asking] = [startOf('send'), startOf('ask')];
    samples.performer.outcome = ({ execution }) => (execution === sending.execution ? new Promise(() => undefined) : Promise.resolve({ ok: true, payload: { Sid: newSid('SM') } }));
    await Promise.all([samples.ingress.create(sending), samples.ingress.create(asking)]);
    const [open, timer] = [await openOf('effect', sending.execution), await openOf('timer', asking.execution)];
    const outcome = await parked({ from: 'effect', ...open, execution: sending.execution, account: ACCOUNT, outcome: { ok: true, payload: { Sid: 'SMparked' } } });
    const late = await parked({ from: 'timer', ...timer, execution: asking.execution, dueMs: Date.now() - 1_000 });
    for (const id of [outcome, late]) expect((await doors.rest('POST', `${PATH}/${id}/Retry`)).status).toBe(200);
    await ended('send', sending.execution);
    await ended('ask', asking.execution);
    expect((await samples.reader.steps(ACCOUNT, samples.flows.ask, asking.execution, { limit: 10 }))?.map(({ name }) => name)[0]).toBe('timeout');
    expect(await samples.reader.context(ACCOUNT, samples.flows.send, sending.execution)).toMatchObject({ widgets: { hello: { outbound: { Sid: 'SMparked' } } } });
  }, 30_000);

  it('200 once, however many operators ask at the same moment: it is entered once', async () => {
    const { id, execution } = await parkedCreate();
    const answers = await Promise.all(Array.from({ length: 6 }, () => doors.rest('POST', `${PATH}/${id}/Retry`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404]);
    await ended('plain', execution);
    expect((await commands()).filter((command) => command.execution.replaceAll('-', '') === digits(execution))).toHaveLength(1);
  }, 30_000);

  it('404 for another account’s: it stays', async () => {
    const { id } = await parkedCreate();
    expect((await doors.rest('POST', `${PATH}/${id}/Retry`, undefined, STRANGER)).status).toBe(404);
    expect((await asOperator('GET', `${PATH}/${id}`)).status).toBe(200);
  });

  it('409 for what nobody can read, and for a create whose contact talks to another execution by now: it stays', async () => {
    const unreadable = await parked('{"half":', ACCOUNT);
    expect(await doors.rest('POST', `${PATH}/${unreadable}/Retry`)).toMatchObject({ status: 409, body: { code: 20409, status: 409 } });
    const other = startOf('ask');
    await samples.ingress.create(other);
    const [claim] = await db.query<{ key: string }>('select key::text as key from claim where execution = $1', [digits(other.execution)]);
    const late = await parked({ start: startOf('ask', other.trigger.contact), keys: [claim?.key] });
    expect(await doors.rest('POST', `${PATH}/${late}/Retry`)).toMatchObject({ status: 409, body: { code: 20409, details: { conflicting_execution_sid: other.execution } } });
    const gone = await parked({ from: 'effect', shard: 5, execution: newExecutionSid(Date.now()), account: ACCOUNT, step: 1, outcome: { ok: true } });
    expect((await doors.rest('POST', `${PATH}/${gone}/Retry`)).status).toBe(409);
    for (const id of [unreadable, late, gone]) expect((await doors.rest('GET', `${PATH}/${id}`)).status).toBe(200);
  }, 30_000);
});

describe('DELETE /atelier/v1/Operations/ParkedInputs/{id}', () => {
  it('204 once, however many ask, and nothing is entered; it is kept aside with who dropped it; 404 from then on', async () => {
    const before = (await commands()).length;
    const { id, contact } = await parkedCreate();
    const answers = await Promise.all(Array.from({ length: 4 }, () => doors.rest('DELETE', `${PATH}/${id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404]);
    expect((await commands()).length).toBe(before);
    expect(await db.query('select kind, who, request, source_ip, account, reason, body like $2 as same from dropped where item = $1', [id, `%${contact}%`])).toEqual([
      { kind: 'parked', who: ACCOUNT, request: expect.stringMatching(/^RQ[0-9a-f]{32}$/) as string, source_ip: '127.0.0.1', account: ACCOUNT, reason: expect.stringContaining('Defect') as string, same: true },
    ]);
    expect((await doors.rest('POST', `${PATH}/${id}/Retry`)).status).toBe(404);
  });

  it('or a retry, not both, where two operators want different things at the same moment', async () => {
    for (let round = 0; round < 8; round++) {
      const before = (await commands()).length;
      const { id } = await parkedCreate();
      const [dropped, retried] = await Promise.all([doors.rest('DELETE', `${PATH}/${id}`), doors.rest('POST', `${PATH}/${id}/Retry`)]);
      expect([[204, 404, 0], [404, 200, 1]]).toContainEqual([dropped.status, retried.status, (await commands()).length - before]);
    }
  });

  it('404 for another account’s; an operator may drop what is nobody’s', async () => {
    const { id } = await parkedCreate();
    const nobodys = await parked('no JSON', null);
    expect((await doors.rest('DELETE', `${PATH}/${id}`, undefined, STRANGER)).status).toBe(404);
    expect((await doors.rest('DELETE', `${PATH}/${nobodys}`)).status).toBe(404);
    expect((await asOperator('DELETE', `${PATH}/${nobodys}`)).status).toBe(204);
  });
});

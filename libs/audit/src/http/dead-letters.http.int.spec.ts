import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { AC, FW, OTHER, change } from '../events.example';
import { AUDIT_MIGRATIONS } from '../migrations';
import { type SampleApp, basic, bearer, startSampleApp } from './sample-app';

const PATH = '/atelier/v1/Operations/Audit/DeadLetters';

let database: Database;
let app: SampleApp;
beforeAll(async () => {
  database = await testDatabase({ schema: 'audit', migrations: AUDIT_MIGRATIONS });
  app = await startSampleApp(database);
}, 60_000);
afterAll(() => app.close());

const ask: SampleApp['ask'] = (...request) => app.ask(...request);
const lettersOf = async (authorization?: string): Promise<readonly { id: string; pos: number; reason: string }[]> => (await ask('GET', PATH, authorization)).body['dead_letters'] as never;
const records = async (): Promise<number> => ((await ask('GET', '/v1/Events')).body['events'] as unknown[]).length;

/** A change of nothing that has a name: it comes with the log, and waits among the letters. */
const unreadable = async (accountSid: string = AC): Promise<string> => {
  const [event] = app.flows.append(0, [change({ subject: 'nothing', meta: { accountSid } })]);
  return (await eventually('the letter', async () => (await lettersOf(bearer)).find(({ pos }) => pos === event?.pos), 20_000)).id;
};
/** As if a later version of this service could read it. */
const healed = (id: string): Promise<unknown> => database.query('update dead_letter set body = replace(body, $2, $3) where id = $1', [id, '"nothing"', JSON.stringify(FW)]);

describe(PATH, () => {
  it('GET 200: an account’s own, an operator’s are all; and each with its event', async () => {
    const [mine, theirs] = [await unreadable(), await unreadable(OTHER)];
    expect((await lettersOf()).map(({ id }) => id)).toEqual([mine]);
    expect((await lettersOf(bearer)).map(({ id }) => id)).toEqual([theirs, mine]);
    expect(await ask('GET', `${PATH}/${mine}`)).toMatchObject({ status: 200, body: { id: mine, consumer: 'audit', log: 'flows', event: { type: 'flow.updated' } } });
    expect(await ask('GET', `${PATH}/${theirs}`)).toMatchObject({ status: 404, body: { code: 20404 } });
    expect((await (await fetch(`${app.url}/metrics`)).text()).split('\n')).toContain('atelier_audit_dead_letters 2');
  }, 30_000);

  it('POST Redrive 409 while no record can be made of it: it stays', async () => {
    const id = await unreadable();
    expect(await ask('POST', `${PATH}/${id}/Redrive`)).toMatchObject({ status: 409, body: { code: 20409, message: expect.stringContaining('still cannot be recorded') as string } });
    expect((await ask('GET', `${PATH}/${id}`)).status).toBe(200);
  }, 30_000);

  it('POST Redrive 200 once, however many ask: one record', async () => {
    const [id, before] = [await unreadable(), await records()];
    await healed(id);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('POST', `${PATH}/${id}/Redrive`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404]);
    expect(await records()).toBe(before + 1);
  }, 30_000);

  it('DELETE 403 for the account itself, which might take back what it did; 204 for an operator, once', async () => {
    const id = await unreadable();
    expect(await ask('DELETE', `${PATH}/${id}`)).toMatchObject({ status: 403, body: { code: 20003 } });
    expect((await ask('DELETE', `${PATH}/${id}`, basic(OTHER))).status).toBe(404);
    expect((await Promise.all([ask('DELETE', `${PATH}/${id}`, bearer), ask('DELETE', `${PATH}/${id}`, bearer)])).map(({ status }) => status).sort()).toEqual([204, 404]);
    expect(await database.query('select who, request, account, body from dropped where item = $1', [id])).toEqual([{ who: 'operator', request: expect.stringMatching(/^RQ/) as string, account: AC, body: expect.stringContaining('flow.updated') as string }]);
  }, 30_000);
});

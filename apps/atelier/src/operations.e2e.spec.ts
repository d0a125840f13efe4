import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { freePort } from '@atelier/platform';
import { type RunningAtelier, comparedMetrics, eventually, newDataDir, startAtelier, testDatabaseUrl } from '@atelier/testing';
import { Client } from 'pg';
import { subaccountOf } from './sample-accounts';
import { clientOf } from './sample-client';
import { flowOf, say } from './sample-flows';
import { type Line, lineTo } from './sample-line';
import { type Ran, ops as opsAt } from './sample-ops';

const PATIENCE_MS = 30_000; // for a busy machine
const dataDir = newDataDir('e2e');
const internalToken = randomBytes(24).toString('hex');

let database: Client;
let line: Line;
let atelier: RunningAtelier;
beforeAll(async () => {
  const url = new URL(await testDatabaseUrl());
  database = new Client({ connectionString: url.toString() });
  await database.connect();
  line = await lineTo(Number(url.port));
  url.port = String(line.port);
  atelier = await startAtelier({ dataDir, settings: { ATELIER_DATABASE_URL: url.toString(), ATELIER_INTERNAL_TOKEN: internalToken } });
}, 90_000);
afterAll(async () => {
  await atelier?.end('SIGKILL');
  await line?.close();
  await database?.end();
  rmSync(dataDir, { recursive: true, force: true });
}, 30_000);

const metrics = async (): Promise<string> => (await fetch(`${atelier.url}/metrics`)).text();
const figure = (text: string, line: string): number => Number(text.split('\n').find((each) => each.startsWith(`${line} `))?.split(' ')[1]);

describe('/metrics of the one process', () => {
  it('tells what the worker’s thread did', async () => {
    const client = clientOf(atelier);
    const { sid } = await client.studio.v2.flows.create({ friendlyName: 'figures', status: 'published', definition: flowOf(say('greet', 'hello')) });
    await client.studio.v2.flows(sid).executions.create({ to: '+15551110001', from: '+15557650001' });
    await eventually('the message is counted', async () => figure(await metrics(), 'atelier_executions_effects_total{kind="message.send",outcome="succeeded"}') === 1, PATIENCE_MS);
    const text = await metrics();
    expect(figure(text, 'atelier_executions_shards_owned')).toBe(64);
    expect(text).toMatch(/atelier_executions_owner_shards\{owner="[0-9a-f]{16}"\} 64/);
    expect(figure(text, 'atelier_executions_batch_inputs_count')).toBeGreaterThanOrEqual(2);
    expect(text).toMatch(/atelier_event_loop_delay_ms\{thread="worker",quantile="0.99"\} [\d.]+/);
    for (const name of ['inbox_inputs', 'inbox_seconds', 'parked_inputs', 'deferred_triggers', 'effects_waiting', 'effects_doubtful']) expect([name, figure(text, `atelier_executions_${name}`)]).toEqual([name, 0]);
    expect(figure(text, 'atelier_metrics_silent_sources_total')).toBe(0);
  }, 60_000);

  it('is what the reference page says, neither more nor less', async () => {
    const { served, documented } = comparedMetrics('atelier', await metrics());
    expect(served).toEqual(documented);
  });
});

describe('health', () => {
  const status = async (path: string): Promise<number> => (await fetch(atelier.url + path)).status;

  it('is ready while its database answers, alive also while it does not, and ready again by itself', async () => {
    expect([await status('/health'), await status('/health/ready')]).toEqual([200, 200]);
    await line.cut();
    const away = await fetch(`${atelier.url}/health/ready`);
    expect([away.status, await away.json()]).toEqual([503, expect.objectContaining({ details: { checks: expect.objectContaining({ executions: 'not ready', flows: 'not ready' }) as object } })]);
    expect(await status('/health')).toBe(200);
    expect(figure(await metrics(), 'atelier_executions_inbox_inputs')).toBeNaN();
    await line.mend();
    await eventually('ready again', async () => (await status('/health/ready')) === 200, PATIENCE_MS);
    expect(figure(await metrics(), 'atelier_executions_inbox_inputs')).toBe(0);
  }, 60_000);
});

describe('npm run ops', () => {
  const ops = (args: readonly string[], env: Record<string, string> = { ATELIER_INTERNAL_TOKEN: internalToken }): Promise<Ran> => opsAt(atelier.url, args, env);
  const json = async (...args: string[]): Promise<readonly Record<string, unknown>[]> => JSON.parse((await ops([...args, '--json'])).out) as Record<string, unknown>[];
  const inserted = async (sql: string, values: readonly unknown[]): Promise<string> => String((await database.query<{ id: string }>(`${sql} returning id`, [...values])).rows[0]?.id);
  const parked = (body: string, account: string | null = atelier.accountSid) =>
    inserted('insert into executions.parked (shard, account, reason, body) values (3, $1::uuid, $2, $3)', [account && account.slice(2), 'command:1: Defect: it could not', body]);
  const audited = (account: string) =>
    inserted(`insert into audit.dead_letter (log, shard, pos, reason, body, account) values ('flows', 0, -1, 'no subject', '{"type":"flow.updated","data":{}}', $1)`, [account]);
  const triggerLetter = (flow: string, to: string) => {
    const event = { specversion: '1.0', id: to, source: '/orders', type: 'atelier.trigger.v1', data: { account_sid: atelier.accountSid, flow_sid: flow, to, from: '+15557650001', idempotency_key: to } };
    return inserted(`insert into executions.dead_letter (consumer, log, shard, pos, reason, body, account) values ('triggers', 'foreign', 0, 1, 'odd', $1, $2)`, [JSON.stringify(event), atelier.accountSid]);
  };

  it('parked: lists as a table and as JSON, shows, drops; a control character of a client does nothing to the terminal', async () => {
    expect((await ops(['parked', 'list'])).out).toBe('Nothing is set aside.\n');
    const [first, second] = [await parked('{"half":'), await parked('an \u001b[31malarming\u001b[0m text', null)];
    const { out } = await ops(['parked', 'list']);
    expect(out.split('\n')[0]).toMatch(/^ID +SINCE +KIND +ACCOUNT +EXECUTION +REASON$/);
    expect(out).toMatch(new RegExp(`^${first} +\\d{4}-\\S+ +unreadable +${atelier.accountSid} +- +command:1: Defect: it could not$`, 'm'));
    expect((await json('parked', 'list')).map(({ id, account_sid: account }) => [id, account])).toEqual([[second, null], [first, atelier.accountSid]]);
    expect((await json('parked', 'list', '--limit', '1')).map(({ id }) => id)).toEqual([second]);
    const shown = await ops(['parked', 'show', second]);
    expect(shown.out).toMatch(/^input +an +\[31malarming +\[0m text$/m);
    expect((await json('parked', 'show', first))[0]).toMatchObject({ id: first, input: '{"half":' });
    expect((await ops(['parked', 'drop', first, second])).out).toBe(`parked ${first}: dropped\nparked ${second}: dropped\n`);
    expect(await json('parked', 'list')).toEqual([]);
  }, 60_000);

  it('dead-letters: of all services in one list; redrives and drops each at its own', async () => {
    const client = clientOf(atelier);
    const { sid } = await client.studio.v2.flows.create({ friendlyName: 'letters', status: 'published', definition: flowOf() });
    const [letter, audit] = [`executions/${await triggerLetter(sid, '+15551110002')}`, `audit/${await audited(atelier.accountSid)}`];
    expect([...(await json('dead-letters', 'list')).map(({ id, consumer }) => [id, consumer])].sort()).toEqual([[audit, 'audit'], [letter, 'triggers']]);
    expect((await ops(['dead-letters', 'redrive', letter])).out).toBe(`dead-letters ${letter}: redriven\n`);
    await eventually('its execution', async () => (await client.studio.v2.flows(sid).executions.list())[0]?.contactChannelAddress === '+15551110002', PATIENCE_MS);
    const refused = await ops(['dead-letters', 'redrive', audit]);
    expect([refused.code, refused.error]).toEqual([1, expect.stringMatching(/^http:\S+ answered 409: The event still cannot be recorded: .+\n$/)]);
    expect((await ops(['dead-letters', 'drop', audit])).out).toBe(`dead-letters ${audit}: dropped\n`);
    expect((await ops(['dead-letters', 'list'])).out).toBe('Nothing is set aside.\n');
  }, 60_000);

  it('as an account sees and touches its own alone', async () => {
    const account = await subaccountOf(atelier);
    const [mine, other] = [await parked('{', account.accountSid), await parked('{')];
    const asAccount = { ATELIER_ACCOUNT_SID: account.accountSid, ATELIER_AUTH_TOKEN: account.authToken };
    expect((await ops(['parked', 'list', '--json'], asAccount)).out).toContain(`"id": "${mine}"`);
    expect((await ops(['parked', 'list', '--json'], asAccount)).out).not.toContain(`"id": "${other}"`);
    expect(await ops(['parked', 'drop', other], asAccount)).toMatchObject({ code: 1, error: `There is nothing at parked ${other} for ${account.accountSid}: somebody was faster, or it is another's.\n` });
    expect((await ops(['parked', 'drop', mine], asAccount)).code).toBe(0);
    expect((await ops(['parked', 'drop', other, '--data', dataDir], {})).code).toBe(0); // the first account's, whose token lies there
    expect(await ops(['parked', 'retry', other])).toMatchObject({ code: 1, error: expect.stringContaining('somebody was faster') as string });
  }, 60_000);

  it('says in one line what is wrong, and never a secret', async () => {
    const wrong = await ops(['parked', 'list'], { ATELIER_INTERNAL_TOKEN: 'not-the-token-of-this-installation' });
    expect([wrong.code, wrong.error]).toEqual([1, expect.stringMatching(/^http:\S+ does not know the operator: set ATELIER_INTERNAL_TOKEN/)]);
    expect(wrong.error + wrong.out).not.toContain('not-the-token');
    const nobody = await freePort(0);
    expect(await ops(['parked', 'list', '--url', `http://127.0.0.1:${nobody}`])).toMatchObject({ code: 1, error: `Nothing answers at http://127.0.0.1:${nobody}: ECONNREFUSED. Is it running? --url names another origin.\n` });
    expect(await ops(['parked', 'list'], {})).toMatchObject({ code: 1, error: expect.stringMatching(/^Who is asking\?/) as string });
    expect(await ops(['parked', 'show'])).toMatchObject({ code: 1, out: '', error: expect.stringContaining('npm run ops -- parked list') as string });
  }, 60_000);
});

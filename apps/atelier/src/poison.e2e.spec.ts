import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningAtelier, eventually, isGone, newDataDir, startAtelier, testDatabaseUrl } from '@atelier/testing';
import { Client } from 'pg';
import { quiet } from './sample-accounts';
import { type Product, clientOf, rest } from './sample-client';
import { ops } from './sample-ops';
import { POISON } from './sample-poison';

const PATIENCE_MS = 60_000; // for a busy machine
const OWNERS_MAX = 5; // docs/decisions/0002
const CROWD = 130; // contacts on 64 shards: three of them are neighbours
const NUMBER = '+15557650001';
const dataDir = newDataDir('e2e');
const asOperator = ['--data', dataDir]; // its token was made there

let settings: Record<string, string>;
let database: Client;
let atelier: RunningAtelier | undefined;
beforeAll(async () => {
  const url = await testDatabaseUrl();
  database = new Client({ connectionString: url });
  await database.connect();
  settings = { ATELIER_DATABASE_URL: url, ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0', ATELIER_LOG_LEVEL: 'silent' };
}, 60_000);
afterAll(async () => {
  await atelier?.end('SIGKILL');
  await database?.end();
  rmSync(dataDir, { recursive: true, force: true });
}, 30_000);

const phone = (n: number): string => `+1555${String(3_000_000 + n)}`;
const startPoisoned = (): Promise<RunningAtelier> => startAtelier({ dataDir, settings, execArgv: ['--require', join(__dirname, '..', 'dist', 'sample-poison.js')] });
/** One execution for each contact of the crowd, by one request. */
const crowd = async (product: Product, flow: string): Promise<void> => {
  const recordOf = (to: string) => ({
    specversion: '1.0', type: 'atelier.trigger.v1', source: '/tests', id: to, data: { account_sid: product.accountSid, flow_sid: flow, to, from: NUMBER, idempotency_key: to },
  });
  const { status } = await rest(product, 'POST', '/atelier/v1/Topics/atelier.triggers/Records', Array.from({ length: CROWD }, (_, n) => recordOf(phone(n))));
  expect(status).toBe(200);
};
const executionsOf = (product: Product, flow: string) => clientOf(product).studio.v2.flows(flow).executions;
const ended = (product: Product, flow: string, sid: string): Promise<unknown> => eventually(`the end of ${sid}`, async () => (await executionsOf(product, flow)(sid).fetch()).status === 'ended', PATIENCE_MS);
/** Contacts of the shard that has most of them, once so many have an execution. */
const neighbourhood = (count: number): Promise<readonly string[]> =>
  eventually(
    `${count} executions`,
    async () => {
      const { rows } = await database.query<{ contacts: string[]; n: string }>(`select array_agg(contact) as contacts, sum(count(*)) over () as n from executions.execution group by shard order by count(*) desc limit 1`);
      return Number(rows[0]?.n) === count && rows[0]?.contacts;
    },
    PATIENCE_MS,
  );
const parked = async (): Promise<readonly Record<string, unknown>[]> => JSON.parse((await ops(atelier?.url ?? '', ['parked', 'list', '--json', ...asOperator], {})).out) as Record<string, unknown>[];

const leasesEnd = (at: string): Promise<unknown> => database.query(`update executions.lease set until = ${at} where owner is not null`);

/** Restarts until it stays: how often it died. The lease of a dead owner need not be waited for: nobody else may have it. */
const deaths = async (): Promise<number> => {
  for (let died = 0; ; died++) {
    await leasesEnd(`'-infinity'`);
    const up = await startPoisoned().catch(() => undefined); // it may die before it says that it is ready
    if (!up) continue;
    const count = async () => Number((await database.query<{ n: string }>('select count(*) as n from executions.parked')).rows[0]?.n);
    const end = await eventually('its death, or a parked input', async () => (isGone(up.pid) ? 'dead' : (await count()) > 0 ? 'parked' : false), PATIENCE_MS);
    atelier = up;
    if (end === 'parked') return died;
  }
};

// A12: whatever an input does to its process, it is set aside in the end, its neighbours run, and nothing that was acknowledged is lost.
describe('an input that kills the process', () => {
  it('is parked after five owners died of it, with its reason; the shard goes on; and it runs once the poison is gone', async () => {
    let product = (atelier = await startPoisoned());
    const { sid: flow } = await clientOf(product).studio.v2.flows.create({ friendlyName: 'poison', status: 'published', definition: quiet });
    const start = async (to: string, parameters: object = {}) => (await executionsOf(product, flow).create({ to, from: NUMBER, parameters })).sid;
    await crowd(product, flow);
    const [victim = '', ...neighbours] = await neighbourhood(CROWD);
    expect(neighbours.length).toBeGreaterThan(0);

    const killer = await start(victim, { word: POISON });
    await eventually('its death', () => isGone(product.pid), PATIENCE_MS);
    await leasesEnd(`now() + interval '2 minutes'`); // until the leases of the dead one run out, the door of the next one is open
    product = atelier = await startPoisoned();
    const behind = await Promise.all(neighbours.map((each) => start(each)));
    await leasesEnd(`'-infinity'`);
    await eventually('its second death', () => isGone(product.pid), PATIENCE_MS);
    const died = 2 + (await deaths());
    expect(died).toBe(1 + OWNERS_MAX); // the first died before anybody suspected it

    const up = atelier;
    for (const sid of behind) await ended(up, flow, sid);
    const [set, ...more] = await parked();
    expect([set, more]).toEqual([expect.objectContaining({ kind: 'create', execution_sid: killer, reason: expect.stringMatching(new RegExp(`^command:\\d+: in hand ${OWNERS_MAX} times when the process died$`)) as string }), []]);
    expect(await (await fetch(`${up.url}/metrics`)).text()).toMatch(/^atelier_executions_parked_inputs 1$/m);
    await expect(executionsOf(up, flow)(killer).fetch()).rejects.toMatchObject({ status: 404 });

    expect(await up.end('SIGTERM')).toBe(0);
    atelier = await startAtelier({ dataDir, settings });
    expect(await ops(atelier.url, ['parked', 'retry', String(set?.['id']), ...asOperator], {})).toMatchObject({ code: 0, out: `parked ${String(set?.['id'])}: retried\n` });
    await ended(atelier, flow, killer);
    expect(await parked()).toEqual([]);
  }, 240_000);
});

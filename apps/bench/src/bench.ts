/**
 * npm run bench: the product as a process, driven through its public doors; figures beside the raw append rate of the same PostgreSQL.
 * Limits per account are turned off, everything else is as `npm start` runs it (fsync on). Bounded in time; ends what it started.
 */
import { cpus, tmpdir } from 'node:os';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type RunningAtelier, eventually, removeAtelier, startAtelier } from '@atelier/testing';
import { appendRate } from './append-rate';
import { type Client, clientOf, publishFlow } from './client';
import { cpuSeconds } from './cpu';
import { databaseUrlOf } from './database-url';
import { askAndWaitFlow, tenStepFlow } from './flows';
import { type Measured, atRate, saturate } from './load';

const SETTINGS = { ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0', ATELIER_INBOUND_EXECUTIONS_PER_SECOND_MAX: '0', ATELIER_EFFECTS_PER_ACCOUNT_MAX: '256' };
const WIDTH = 64; // requests at once at saturation
const option = (name: string): string | undefined => process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const SECONDS = Number(option('seconds') ?? 8);
const ONLY = option('only') ?? ''; // scenarios whose name contains this
const PROFILE = option('profile'); // a folder for CPU profiles, one a thread
const FULL_PAUSE_MS = 50;
const FLOW_ADDRESS = '+15557650001';

type Row = { readonly name: string; readonly runsPerSecond: number; readonly cpuPer1000: number; readonly half: Measured };

const contact = (n: number): string => `+1555${String(n).padStart(7, '0')}`;
const post = (what: string, ok: number, answer: { status: number; body: string }): void => {
  if (answer.status !== ok) throw new Error(`${what}: expected ${ok}, got ${answer.status} ${answer.body.slice(0, 300)}`);
};

const allEnded = (client: Client, flowSid: string): Promise<true> =>
  eventually('all executions have ended', async () => {
    const { body } = await client.get(`/v2/Flows/${flowSid}/Executions?status=active&PageSize=1`);
    return (JSON.parse(body) as { executions: unknown[] }).executions.length === 0 ? true : undefined;
  }, 120_000);

const cpuOf = (atelier: RunningAtelier): number => cpuSeconds(atelier.pid) + cpuSeconds(atelier.postgresPid());

const scenario = async (atelier: RunningAtelier, client: Client, name: string, flowSid: string, run: (n: number) => Promise<void>, runsPerAct = 1): Promise<Row | undefined> => {
  if (!name.includes(ONLY)) return undefined;
  let offset = 0;
  const act = (n: number): Promise<void> => run(offset + n);
  await saturate(WIDTH, 2, act); // warm: code compiled, programs cached
  await allEnded(client, flowSid);
  offset += 1_000_000;
  const cpuBefore = cpuOf(atelier);
  const started = performance.now();
  const full = await saturate(WIDTH, SECONDS, act);
  await allEnded(client, flowSid);
  const runs = full.requests * runsPerAct;
  const runsPerSecond = runs / ((performance.now() - started) / 1_000);
  const cpuPer1000 = ((cpuOf(atelier) - cpuBefore) / runs) * 1_000;
  offset += 1_000_000;
  console.log(`  ${name}: ${runsPerSecond.toFixed(0)} runs/s, ${cpuPer1000.toFixed(2)} CPU-s per 1,000`);
  const half = await atRate(runsPerSecond / runsPerAct / 2, SECONDS, act);
  await allEnded(client, flowSid);
  return { name, runsPerSecond, cpuPer1000, half };
};

const scenarios = async (atelier: RunningAtelier): Promise<Row[]> => {
  const client = clientOf(atelier, WIDTH);
  const tenStep = await publishFlow(client, 'bench ten steps', tenStepFlow());
  const ask = await publishFlow(client, 'bench ask and wait', askAndWaitFlow());
  const rows = [
    await scenario(atelier, client, 'ten-step, REST create', tenStep, async (n) => {
      post('create', 201, await client.post(`/v2/Flows/${tenStep}/Executions`, { To: contact(n), From: FLOW_ADDRESS, Parameters: '{"name":"ada"}' }));
    }),
    await scenario(atelier, client, 'ten-step, topic records (100 a request)', tenStep, async (n) => {
      const records = Array.from({ length: 100 }, (_, i) => triggerRecord(atelier.accountSid, tenStep, contact(4_000_000 + ((n * 100 + i) % 5_000_000)), `${n}-${i}`));
      // Full is answered with 429: the door's back-pressure is part of what is measured.
      let answer = await client.postJson('/atelier/v1/Topics/atelier.triggers/Records', records);
      for (; answer.status === 429; answer = await client.postJson('/atelier/v1/Topics/atelier.triggers/Records', records)) await new Promise((resolve) => setTimeout(resolve, FULL_PAUSE_MS));
      post('records', 200, answer);
    }, 100),
    await scenario(atelier, client, 'ask-and-wait, webhooks', ask, async (n) => {
      for (const body of ['hello', 'yes'])
        post('webhook', 200, await client.webhook(ask, { MessageSid: `SM${randomBytes(16).toString('hex')}`, AccountSid: atelier.accountSid, From: contact(n), To: FLOW_ADDRESS, Body: body }));
    }),
  ];
  await client.close();
  return rows.flatMap((row) => row ?? []);
};

const triggerRecord = (account: string, flow: string, to: string, key: string): object => ({
  specversion: '1.0',
  type: 'atelier.trigger.v1',
  source: 'bench',
  id: key,
  data: { account_sid: account, flow_sid: flow, to, from: FLOW_ADDRESS, parameters: { name: 'ada' }, idempotency_key: `${key}-${process.pid}` },
});

const report = (rows: readonly Row[], rates: Readonly<Record<number, number>>): void => {
  const reference = rates[100] ?? 1;
  console.log(`\nMachine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`);
  for (const [batch, rate] of Object.entries(rates)) console.log(`Raw append of 1 KB rows, ${batch.padStart(4)} a commit: ${rate.toFixed(0).padStart(7)} rows/s`);
  console.log(`\n${'scenario'.padEnd(42)} ${'runs/s'.padStart(8)} ${'of append'.padStart(9)} ${'CPU-s/1000'.padStart(10)} ${'p50 ms'.padStart(8)} ${'p99 ms'.padStart(8)}   (latency of a request at half load)`);
  for (const { name, runsPerSecond, cpuPer1000, half } of rows)
    console.log(
      `${name.padEnd(42)} ${runsPerSecond.toFixed(0).padStart(8)} ${`${((runsPerSecond / reference) * 100).toFixed(1)} %`.padStart(9)} ${cpuPer1000.toFixed(2).padStart(10)} ${half.p50Ms.toFixed(1).padStart(8)} ${half.p99Ms.toFixed(1).padStart(8)}`,
    );
};

const main = async (): Promise<void> => {
  const dataDir = join(tmpdir(), `atelier-bench-${randomBytes(4).toString('hex')}`);
  const atelier = await startAtelier({ dataDir, settings: SETTINGS, ...(PROFILE && { execArgv: ['--cpu-prof', `--cpu-prof-dir=${PROFILE}`] }) });
  try {
    const url = databaseUrlOf(dataDir);
    const rates = { 1: await appendRate(url, 1), 100: await appendRate(url, 100), 1_000: await appendRate(url, 1_000) };
    report(await scenarios(atelier), rates);
  } finally {
    await atelier.end('SIGTERM');
    await removeAtelier(dataDir);
  }
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

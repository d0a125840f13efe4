import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningAtelier, comparedMetrics, eventually, startAtelier, testDatabaseUrl } from '@atelier/testing';
import { clientOf } from './sample-client';
import { flowOf, say } from './sample-flows';
import { type Line, lineTo } from './sample-line';

const PATIENCE_MS = 30_000; // for a busy machine
const dataDir = join(tmpdir(), `atelier-e2e-${randomBytes(6).toString('hex')}`);
const internalToken = randomBytes(24).toString('hex');

let line: Line;
let atelier: RunningAtelier;
beforeAll(async () => {
  const url = new URL(await testDatabaseUrl());
  line = await lineTo(Number(url.port));
  url.port = String(line.port);
  atelier = await startAtelier({ dataDir, settings: { ATELIER_DATABASE_URL: url.toString(), ATELIER_INTERNAL_TOKEN: internalToken } });
}, 90_000);
afterAll(async () => {
  await atelier?.end('SIGKILL');
  await line?.close();
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

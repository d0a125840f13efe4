import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type RunningCluster, clusterKafka, eventually, isGone, kafkaProblem, newDataDir, officialClient, removeCluster, startCluster } from '@atelier/testing';
import type { Twilio } from 'twilio';
import { clusterRun, rollingRun } from './cluster-run';
import { summaryOf } from './crash-check';
import { databaseUrlOf } from './database-url';
import { PauseWatch } from './pauses';
import { seeded } from './random';
import { CHANGES, PAUSE_MS_MAX, type Change, addedMs, bestOf, figureOf, lineOf } from './scaling-run';
import { SCENE_SETTINGS, Scene } from './scene';

const root = join(__dirname, '..', '..', '..');
const dataDir = newDataDir('cluster');
const MINUTE_MS = 60_000;
const ROUNDS = 3; // a figure is taken again where the machine was busy with something else
const seed = Math.floor(Math.random() * 2 ** 31);
const example: object = JSON.parse(readFileSync(join(root, 'examples', 'appointment-reminder.json'), 'utf8'));

const clientOf = ({ url, accountSid, authToken }: RunningCluster): Twilio => officialClient(url, accountSid, authToken);

/** The services as they are built here, in a folder of their own; their libraries are the same. */
const copyBuild = (folder: string): void => {
  for (const app of readdirSync(join(root, 'apps'))) {
    mkdirSync(join(folder, 'apps', app), { recursive: true });
    for (const part of ['dist', 'package.json']) cpSync(join(root, 'apps', app, part), join(folder, 'apps', app, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
};

(kafkaProblem() === undefined ? describe : describe.skip)('the services as processes of their own, behind one origin', () => {
  let cluster: RunningCluster;
  let settings: Record<string, string>;
  beforeAll(async () => {
    settings = { ...SCENE_SETTINGS, ...(await clusterKafka()) };
    cluster = await startCluster(dataDir, 2, settings);
  }, 4 * MINUTE_MS);
  afterAll(async () => {
    await cluster?.end('SIGINT');
    await removeCluster(dataDir);
  }, 2 * MINUTE_MS);

  it('say what was started, in order, and never print the token', () => {
    expect(cluster.output()).toMatch(/✓ PostgreSQL[\s\S]*✓ databases[\s\S]*✓ topics[\s\S]*✓ credentials-service[\s\S]*✓ execution-api[\s\S]*✓ execution-worker × 2/);
    expect(cluster.output()).not.toContain(cluster.authToken);
  });

  it('serve the official client: a flow, a conversation, the key that signed it, the audit records', async () => {
    const client = clientOf(cluster);
    const flow = await client.studio.v2.flows.create({ friendlyName: 'Appointment', status: 'published', definition: example });
    await client.incomingPhoneNumbers.create({ phoneNumber: '+15557650002', smsUrl: flow.webhookUrl });
    const phone = `${cluster.url}/carrier/v1/Phones/${encodeURIComponent('+15551230001')}/Messages`;
    const headers = { authorization: `Basic ${Buffer.from(`${cluster.accountSid}:${cluster.authToken}`).toString('base64')}` };
    const messages = async (): Promise<number> => ((await (await fetch(phone, { headers })).json()) as { messages: unknown[] }).messages.length;
    for (const [body, known] of [['Hi', 2], ['Yes', 4]] as const) {
      expect((await fetch(phone, { method: 'POST', headers, body: new URLSearchParams({ To: '+15557650002', Body: body }) })).status).toBe(201);
      await eventually('the answer', async () => (await messages()) >= known, MINUTE_MS);
    }
    const execution = await eventually('the end', async () => (await client.studio.v2.flows(flow.sid).executions.list({ limit: 1 })).find(({ status }) => status === 'ended'), MINUTE_MS);
    expect((await client.studio.v2.flows(flow.sid).executions(execution.sid).steps.list()).length).toBeGreaterThan(3);
    expect((await client.keys.list()).map(({ friendlyName }) => friendlyName)).toEqual(['Studio API Key']);
    const records = await eventually('its audit record', async () => {
      const found = await client.monitor.v1.events.list({ resourceSid: flow.sid, limit: 5 });
      return found.length > 0 ? found : undefined;
    }, MINUTE_MS);
    expect(records.map(({ eventType, source, sourceIpAddress }) => [eventType, source, sourceIpAddress])).toEqual([['flow.created', 'api', '127.0.0.1']]);
  }, 3 * MINUTE_MS);

  it('answer as one: what no service has is 404, what is between them stays there, a wrong token is 401', async () => {
    const statusOf = async (path: string, init?: RequestInit): Promise<number> => (await fetch(cluster.url + path, init)).status;
    expect(await Promise.all(['/nope', '/internal/v1/authenticate', '/metrics', '/health/ready', '/schemas/topics/trigger.json', '/openapi.json'].map((path) => statusOf(path)))).toEqual([404, 404, 404, 200, 200, 200]);
    await expect(clientOf({ ...cluster, authToken: 'f'.repeat(32) }).studio.v2.flows.list({ limit: 1 })).rejects.toMatchObject({ status: 401, code: 20003 });
  });

  it('answer other services: the examples start an execution by a record, and read the audit records once from any offset', async () => {
    const client = clientOf(cluster);
    const flow = await client.studio.v2.flows.create({ friendlyName: 'By a record', status: 'published', definition: example });
    const env = { PATH: process.env['PATH'], KAFKA_BROKERS: cluster.brokers, TOPIC_PREFIX: settings['ATELIER_KAFKA_TOPIC_PREFIX'] ?? '', ACCOUNT_SID: cluster.accountSid, FLOW_SID: flow.sid };
    const run = async (name: string, args: readonly string[], more: Record<string, string> = {}): Promise<string> =>
      (await promisify(execFile)(process.execPath, [join(root, 'scripts', 'example.mjs'), name, ...args], { env: { ...env, ...more }, timeout: MINUTE_MS })).stdout;
    const result = JSON.parse(await run('trigger-from-service', ['+15551230009'])) as { status: string; execution_sid: string };
    expect(result.status).toBe('started');
    expect((await client.studio.v2.flows(flow.sid).executions(result.execution_sid).fetch()).contactChannelAddress).toBe('+15551230009');
    const file = join(dataDir, 'audit.jsonl');
    await run('audit-consumer', [file], { STOP_AFTER: '2' });
    await run('audit-consumer', [file], { STOP_AFTER: '2', FROM_OFFSET: '0' });
    const positions = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as { pos: number }).pos);
    expect(positions).toEqual([1, 2, 3, 4]);
  }, 4 * MINUTE_MS);

  describe('pause the shards that change hands', () => {
    let scene: Scene;
    let watch: PauseWatch;
    beforeAll(async () => {
      scene = await Scene.open(cluster, seeded(seed));
      watch = await PauseWatch.open(scene.target(cluster), databaseUrlOf(dataDir, 'atelier_executions'));
    }, 2 * MINUTE_MS);
    afterAll(async () => {
      await watch?.close();
      scene?.close();
    });

    it.each(CHANGES.map((change): [string, number, Change] => [change === 'joins' || change === 'leaves' ? change : `is ${change}`, PAUSE_MS_MAX[change], change]))(
      'when a worker %s: less than %i ms',
      async (_, maxMs, change) => {
        const figure = await bestOf(ROUNDS, () => figureOf(cluster, watch, change), (each) => addedMs(each) < maxMs);
        process.stderr.write(`${lineOf(figure)}\n`);
        expect(figure.moved).toBeGreaterThan(0);
        expect(addedMs(figure)).toBeLessThan(maxMs);
      },
      6 * MINUTE_MS,
    );
  });

  it('lose and double nothing while workers are added and removed under load (A2, A3)', async () => {
    const scene = await Scene.open(cluster, seeded(seed), { contactsFrom: 5_000_000 });
    try {
      const { runs, faults } = await clusterRun(cluster, scene, [3, 1], (line) => void process.stderr.write(`${line}\n`));
      expect(summaryOf(faults)).toEqual([]);
      expect(runs).toBeGreaterThan(50); // else there was no load
    } finally {
      scene.close();
    }
    expect(Object.keys((await cluster.status()).workers)).toEqual(['execution-worker-1']);
  }, 5 * MINUTE_MS);

  describe('are replaced one after the other by those of another build', () => {
    const [other, broken] = [join(dataDir, '..', `${basename(dataDir)}-other`), join(dataDir, '..', `${basename(dataDir)}-broken`)];
    beforeAll(() => {
      for (const folder of [other, broken]) copyBuild(folder);
      writeFileSync(join(broken, 'apps', 'execution-api', 'dist', 'main.js'), 'process.exit(1);');
    });
    afterAll(() => {
      for (const folder of [other, broken]) rmSync(folder, { recursive: true, force: true });
    });
    const mainsOf = async (): Promise<readonly string[]> => {
      const { services, workers } = await cluster.status();
      return [...Object.values(services), ...Object.values(workers)].map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').find((part) => part.endsWith('main.js')) ?? '');
    };

    it('under load, and nothing is refused, lost or done twice (N3)', async () => {
      const scene = await Scene.open(cluster, seeded(seed), { contactsFrom: 6_000_000 });
      try {
        const { runs, faults } = await rollingRun(cluster, scene, { builds: [other] }, (line) => void process.stderr.write(`${line}\n`));
        expect(summaryOf(faults)).toEqual([]);
        expect(runs).toBeGreaterThan(50); // else there was no load
      } finally {
        scene.close();
      }
      process.stderr.write(`${cluster.output().split('\n').filter((line) => line.includes(' anew')).join('\n')}\n`);
      const mains = await mainsOf();
      expect(mains.map((main) => main.startsWith(other))).toEqual(mains.map(() => true));
      expect(mains.length).toBeGreaterThanOrEqual(6);
    }, 5 * MINUTE_MS);

    it('and where one does not start, that is said and it goes on from where it came', async () => {
      await expect(cluster.restart(broken)).rejects.toThrow(/execution-api did not become ready/);
      const mains = await mainsOf();
      expect(mains.filter((main) => main.includes('execution-api'))).toEqual([join(other, 'apps', 'execution-api', 'dist', 'main.js')]);
      expect((await clientOf(cluster).studio.v2.flows.list({ limit: 1 })).length).toBe(1);
      await expect(cluster.restart(dataDir)).rejects.toThrow(/Expected built services/);
      await cluster.restart(root);
      expect((await mainsOf()).every((main) => main.startsWith(join(root, 'apps')))).toBe(true);
    }, 5 * MINUTE_MS);
  });

  it('end by themselves when their supervisor is killed, and come back with the next start', async () => {
    const { services, workers } = await cluster.status();
    await cluster.end('SIGKILL');
    await eventually('nobody is left', () => [...Object.values(services), ...Object.values(workers)].every(isGone), MINUTE_MS);
    cluster = await startCluster(dataDir, 1, settings);
    expect((await clientOf(cluster).studio.v2.flows.list({ limit: 1 })).length).toBe(1);
    expect(await cluster.end('SIGINT')).toBe(0);
  }, 4 * MINUTE_MS);
});

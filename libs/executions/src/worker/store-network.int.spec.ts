import type { ExecutionSid } from '@atelier/contracts';
import { type Database, openDatabase } from '@atelier/platform';
import { type TcpProxy, eventually, startTcpProxy, testDatabaseUrl } from '@atelier/testing';
import { FLOW, SampleDoors } from '../http/sample-doors';
import { createIngress } from '../ingress/ingress';
import { conclusive, denseEvents, endedOf } from '../samples/sample-checks';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';

const PATIENCE_MS = 30_000; // other suites share the machine
const SETTINGS = { effectTimeoutMs: 300 }; // what nobody knows of is looked into 5 s after it

describe('a network between executions and their store that fails', () => {
  let network: TcpProxy;
  let samples: SampleExecutions;
  let url: string;
  const opened: { close(): Promise<void> }[] = [];
  /** The store as a process sees it whose network is disturbed. */
  const far = async (): Promise<Database> => openDatabase({ url: network.through(url), ...EXECUTIONS_DATABASE, answerMs: 1_000 });
  beforeAll(async () => {
    url = await testDatabaseUrl();
    network = await startTcpProxy(url);
    samples = new SampleExecutions(await openDatabase({ url, ...EXECUTIONS_DATABASE }));
    conclusive(samples);
  }, 90_000);
  afterEach(() => network.heal());
  afterAll(async () => {
    await samples.close();
    for (const each of opened.reverse()) await each.close();
    await network.close();
  }, 60_000);

  const workerAfar = async () => {
    const db = await far();
    opened.push(db);
    const worker = await samples.start({ db, settings: SETTINGS });
    return { stop: () => worker.stop() };
  };
  const ended = (sids: readonly ExecutionSid[]) => eventually(`${sids.length} ends`, async () => (await endedOf(samples.db, sids)) === sids.length, PATIENCE_MS);
  const sentOnce = (sids: readonly ExecutionSid[]): void => {
    for (const sid of sids) expect([sid, samples.performer.timesOf(sid)]).toEqual([sid, [1]]);
  };

  it('loses the answer of a commit of the door: the input is entered once, and accepted (A1)', async () => {
    const db = await far();
    const ingress = createIngress(db);
    opened.push({ close: () => ingress.close().then(() => db.close()) });
    const starts = [samples.startOf('send'), samples.startOf('send')];
    for (const start of starts) {
      const lost = network.loseAnswer((sent) => sent.includes('executions.enter-creates'));
      expect(await ingress.create(start)).toEqual({ kind: 'accepted', execution: start.execution });
      await lost;
      expect(await samples.db.query('select pos from command where execution = $1', [start.execution.slice(2)])).toHaveLength(1);
    }
    const worker = await workerAfar();
    await ended(starts.map(({ execution }) => execution));
    sentOnce(starts.map(({ execution }) => execution));
    await worker.stop();
  }, 60_000);

  it('loses the answer of a commit of the worker: what it wrote counts, and is not done again (A3, A5)', async () => {
    const worker = await workerAfar();
    const sids: ExecutionSid[] = [];
    for (let i = 0; i < 3; i++) {
      const first = network.loseAnswer((sent) => sent.includes('executions.commit'));
      sids.push(await samples.created('send'));
      await first;
      await network.loseAnswer((sent) => sent.includes('executions.commit')); // of the outcome
    }
    await ended(sids);
    sentOnce(sids);
    await worker.stop();
  }, 60_000);

  it('breaks again and again under load: all that was acknowledged ends, nothing is sent twice, no position is missing (A1, A4, A5)', async () => {
    const worker = await workerAfar();
    const sids: ExecutionSid[] = [];
    for (let i = 0; i < 12; i++) {
      for (let n = 0; n < 10; n++) sids.push(await samples.created('send'));
      network.cut('broken');
      for (let n = 0; n < 3; n++) sids.push(await samples.created('send'));
      await new Promise((resolve) => setTimeout(resolve, 50 + 40 * (i % 3))); // short and long breaks
      network.heal();
    }
    await ended(sids);
    sentOnce(sids);
    await denseEvents(samples.db);
    await worker.stop();
  }, 90_000);

  it('falls silent: the shards resume by themselves, and nothing is sent twice', async () => {
    const worker = await workerAfar();
    const before = await samples.created('send');
    await ended([before]);
    const sids = [await samples.created('send')];
    network.cut('silent');
    for (let n = 0; n < 10; n++) sids.push(await samples.created('send'));
    await new Promise((resolve) => setTimeout(resolve, 4_000)); // longer than a lease
    expect(await endedOf(samples.db, sids.slice(1))).toBe(0);
    network.heal();
    await ended(sids);
    sentOnce(sids);
    await worker.stop();
  }, 60_000);

  it('is 503 in the form of the API for whoever asks meanwhile, and trying again is safe', async () => {
    const doors = await SampleDoors.start(await far());
    opened.push(doors);
    const created = () => doors.rest('POST', `/v2/Flows/${FLOW}/Executions`, { To: '+15550009999', From: '+15557650001' });
    const commands = async () => (await samples.db.query('select pos from command where body like $1', ['%+15550009999%'])).length;
    network.cut('broken');
    expect(await created()).toMatchObject({ status: 503, retryAfter: '1', body: { code: 20503, status: 503 } });
    expect((await doors.send('GET', '/health/ready', {})).status).toBe(503);
    expect((await doors.send('GET', '/health', {})).status).toBe(200);
    network.heal();
    const lost = network.loseAnswer((sent) => sent.includes('executions.enter-creates'));
    const asked = created();
    await lost;
    network.cut('broken'); // and nobody can find out
    expect((await asked).status).toBe(503);
    network.heal();
    await eventually('an answer that names the one that runs', async () => (await created()).status === 409, PATIENCE_MS);
    expect(await commands()).toBe(1);
    await eventually('ready', async () => (await doors.send('GET', '/health/ready', {})).status === 200, PATIENCE_MS);
  }, 60_000);
});

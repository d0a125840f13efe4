import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { ExecutionSid } from '@atelier/contracts';
import { type EmbeddedPostgres, openDatabase, startEmbeddedPostgres } from '@atelier/platform';
import { eventually, newDataDir } from '@atelier/testing';
import { FLOW, SampleDoors } from '../http/sample-doors';
import { conclusive, denseEvents, endedOf } from '../samples/sample-checks';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';

const PATIENCE_MS = 40_000; // a server that recovers on a busy machine
const SEGMENT_BYTES = 16 * 1_024 * 1_024; // of the server's log: a limit of this size stops tables, and not the log
const describeHere = process.platform === 'linux' ? describe : describe.skip; // limits of a running process

describeHere('a server below executions', () => {
  const dataDir = newDataDir('store-server');
  let server: EmbeddedPostgres;
  let samples: SampleExecutions;
  let doors: SampleDoors;
  beforeAll(async () => {
    server = await startEmbeddedPostgres({ dataDir });
    const opened = () => openDatabase({ url: server.url, ...EXECUTIONS_DATABASE });
    samples = new SampleExecutions(await opened());
    doors = await SampleDoors.start(await opened());
    conclusive(samples);
    await samples.start({ settings: { effectTimeoutMs: 300 } });
  }, 120_000);
  afterAll(async () => {
    await server.ensureRunning();
    await doors.close();
    await samples.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  // The flow is the doors' own: no worker here knows its revision, which parks what asks for it, for that reason alone.
  const asked = (to: string) => doors.rest('POST', `/v2/Flows/${FLOW}/Executions`, { To: to, From: '+15557650001' });
  const ended = (sids: readonly ExecutionSid[]) => eventually(`${sids.length} ends`, async () => (await endedOf(samples.db, sids)) === sids.length, PATIENCE_MS);
  const sentOnce = (sids: readonly ExecutionSid[]): void => {
    for (const sid of sids) expect([sid, samples.performer.timesOf(sid)]).toEqual([sid, [1]]);
  };
  /** The server and its processes that serve connections now. */
  const pids = (): readonly number[] => {
    const postmaster = server.pid() ?? 0;
    const parentOf = (pid: string): number => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
    const children = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
      try {
        return parentOf(pid) === postmaster;
      } catch {
        return false; // it has ended meanwhile
      }
    });
    return [postmaster, ...children.map(Number)];
  };
  /** By the server's own user, who may set its soft limits; what comes after the postmaster inherits them. */
  const limit = (bytes: number | 'unlimited'): void => {
    const { uid, gid } = statSync(`/proc/${server.pid()}`);
    for (const pid of pids()) execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`], { uid, gid, cwd: '/' });
  };

  it('that is killed with -9 again and again, and comes back: all that was acknowledged ends, nothing is sent twice (A1, A5)', async () => {
    const sids: ExecutionSid[] = [];
    for (let i = 0; i < 3; i++) {
      for (let n = 0; n < 10; n++) sids.push(await samples.created('send'));
      process.kill(server.pid() ?? 0, 'SIGKILL');
      const during = [samples.created('send'), samples.created('send')]; // tried for five seconds
      await eventually('the server is back', () => server.ensureRunning(), PATIENCE_MS);
      sids.push(...(await Promise.all(during)));
    }
    await ended(sids);
    sentOnce(sids);
    await denseEvents(samples.db);
  }, 120_000);

  it('that has no room for tables refuses with 503, keeps what it has, parks nothing, and goes on once there is room', async () => {
    await samples.db.query(`insert into command (shard, pos, kind, body) select 0, -n, 9, repeat('x', 1900) from generate_series(1, 9000) n`); // more than the limit
    expect((await samples.db.query<{ full: boolean }>(`select pg_relation_size('command') > $1 as full`, [SEGMENT_BYTES]))[0]?.full).toBe(true);
    const before = await samples.created('ask');
    limit(SEGMENT_BYTES);
    const refused = await eventually('a refusal', async () => {
      const answer = await asked(`+1555${String(Math.random()).slice(2, 9)}`);
      return answer.status !== 201 && answer;
    }, PATIENCE_MS);
    expect(refused).toMatchObject({ status: 503, retryAfter: '1', body: { code: 20503 } });
    expect((await doors.send('GET', '/health/ready', {})).status).toBe(200); // what is there can be read
    limit('unlimited');
    expect((await asked('+15550008888')).status).toBe(201);
    const after = await samples.created('send');
    await ended([after]);
    expect([await samples.view('ask', before), await samples.db.query(`select reason from parked where reason not like '%no such revision'`)]).toMatchObject([{ status: 'active' }, []]);
    await samples.db.query('delete from command where pos < 0');
  }, 120_000);

  it('that has no room for its log stops, is not ready, and has all that it acknowledged once it is started with room (A1)', async () => {
    const sids = [await samples.created('send')];
    limit(1_024 * 1_024);
    const acknowledged: string[] = [];
    await eventually('a refusal', async () => {
      const to = `+1555${String(Math.random()).slice(2, 9)}`;
      const { status } = await asked(to);
      if (status === 201) acknowledged.push(to);
      return status === 503;
    }, PATIENCE_MS);
    await eventually('not ready', async () => (await doors.send('GET', '/health/ready', {})).status === 503, PATIENCE_MS);
    await eventually('the server is back', () => server.ensureRunning(), PATIENCE_MS);
    await eventually('ready', async () => (await doors.send('GET', '/health/ready', {})).status === 200, PATIENCE_MS);
    for (const to of acknowledged) expect((await asked(to)).status).toBe(409); // it is there
    sids.push(await samples.created('send'));
    await ended(sids);
    sentOnce(sids);
    await denseEvents(samples.db);
  }, 120_000);
});

import { type ExecutionSid, type PublicEvent, Fault } from '@atelier/contracts';
import { type Database, type Statement, openDatabase } from '@atelier/platform';
import { eventually, testDatabaseUrl } from '@atelier/testing';
import { executionEvents } from '../publish/execution-events';
import { Growth } from '../publish/growth';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE, SHARDS } from '../store/migrations';

let url: string;
const opened = (): Promise<Database> => openDatabase({ url, ...EXECUTIONS_DATABASE, poolMax: 10 });

/** The same database for a process that freezes at its next commit: from then on nothing of it arrives, renewals of leases neither. */
class Freezing {
  isFreezing = false;
  isFrozen = false;
  private thawed: (() => void)[] = [];
  constructor(private readonly real: Database) {}
  readonly db: Database = new Proxy({} as Database, {
    get: (_, name) => (name === 'query' ? this.query : typeof this.real[name as keyof Database] === 'function' ? (this.real[name as keyof Database] as () => unknown).bind(this.real) : this.real[name as keyof Database]),
  });
  private readonly query = async <R extends object>(statement: string | Statement, values?: readonly unknown[]): Promise<R[]> => {
    if (this.isFreezing && typeof statement !== 'string' && statement.name.startsWith('executions.commit')) this.isFrozen = true;
    if (this.isFrozen) {
      await new Promise<void>((resolve) => this.thawed.push(resolve));
    }
    return this.real.query<R>(statement, values);
  };
  thaw(): void {
    this.isFreezing = this.isFrozen = false;
    for (const go of this.thawed.splice(0)) go();
  }
}

describe('owners of shards', () => {
  let samples: SampleExecutions;
  const others: Database[] = [];
  let thaw: () => void = () => undefined;
  beforeEach(async () => {
    url = await testDatabaseUrl();
    samples = new SampleExecutions(await opened());
  }, 90_000);
  afterEach(async () => {
    thaw();
    await samples.close();
    for (const other of others.splice(0)) await other.close();
  }, 30_000);
  const another = async (): Promise<Database> => {
    const db = await opened();
    others.push(db);
    return db;
  };
  const eventsOf = async (shard: number): Promise<readonly PublicEvent[]> => executionEvents(samples.db, new Growth()).read(shard, 0, 100_000);
  const expectDense = async (): Promise<PublicEvent[]> => {
    const source = executionEvents(samples.db, new Growth());
    const all: PublicEvent[] = [];
    for (let shard = 0; shard < SHARDS; shard++) {
      const events = await eventsOf(shard);
      expect(events.map(({ pos }) => pos)).toEqual(events.map((_, i) => i + 1));
      expect(await source.end(shard)).toBe(events.length);
      all.push(...events);
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    return all;
  };
  /** Every lease is given away again and again, so that each worker believes to own everything. */
  const sabotage = (): (() => Promise<void>) => {
    let isOver = false;
    const running = (async () => {
      while (!isOver) {
        await samples.db.query(`delete from worker`);
        await samples.db.query(`update lease set owner = null, until = '-infinity'`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    return () => ((isOver = true), running);
  };

  it('find what was acknowledged before any of them ran (A1)', async () => {
    const sids = await Promise.all(Array.from({ length: 20 }, () => samples.created('plain')));
    for (const sid of sids) expect(await samples.view('plain', sid)).toMatchObject({ status: 'active' });
    const worker = await samples.start();
    await worker.idle();
    for (const sid of sids) expect(await samples.view('plain', sid)).toMatchObject({ status: 'ended', endedReason: 'FLOW_END' });
  });

  it('who own the same shards at once lose nothing, double nothing and leave no gap (A2, A3)', async () => {
    const workers = [await samples.start(), await samples.start({ db: await another() })];
    const stop = sabotage();
    await eventually('both own everything', () => workers.every(({ shardsOwned }) => shardsOwned === SHARDS));
    const contacts = Array.from({ length: 100 }, () => samples.contact());
    const asked: ExecutionSid[] = [];
    for (const contact of contacts) {
      asked.push(await samples.created('ask', contact));
      await samples.created('plain', contact);
    }
    for (const contact of contacts) await samples.ingress.message(samples.messageOf('ask', contact, 'me'));
    const active = async () => (await samples.db.query('select sid from execution where status = 0')).length;
    await eventually('the same answers from both', async () => (await samples.db.query('select sid from execution')).length === 200 && (await active()) < 20, 30_000);
    await stop();
    await eventually('all ended', async () => (await active()) === 0, 30_000);
    for (const sid of asked) {
      expect(await samples.steps('ask', sid)).toEqual(['incomingRequest', 'incomingMessage', 'sent']);
      expect(samples.performer.timesOf(sid)).toEqual([1, 1]);
    }
    const conflicts = (await Promise.all(workers.map(({ metrics }) => metrics.conflicts.get()))).reduce((sum, { values }) => sum + (values[0]?.value ?? 0), 0);
    expect(conflicts).toBeGreaterThan(0); // else nobody met anybody, and this test says nothing
    const events = await expectDense();
    expect(events.filter(({ type }) => type.endsWith('execution.started'))).toHaveLength(200);
    expect(events.filter(({ type }) => type.endsWith('execution.ended'))).toHaveLength(200);
  }, 90_000);

  it('that freeze at their commit stall nobody, and write nothing when they thaw (A2)', async () => {
    const freezing = new Freezing(await another());
    thaw = () => freezing.thaw();
    const frozen = await samples.start({ db: freezing.db });
    await samples.created('plain');
    await frozen.idle();
    freezing.isFreezing = true;
    const sid = await samples.created('send');
    await eventually('the commit is held', () => freezing.isFrozen);
    await samples.db.query(`update lease set until = now() - interval '1 s'`);
    await samples.start();
    await eventually('the end', async () => (await samples.view('send', sid))?.status === 'ended', 10_000);
    thaw();
    await frozen.idle();
    const after = await samples.created('plain');
    await eventually('the end', async () => (await samples.view('plain', after))?.status === 'ended', 10_000);
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'sent']);
    expect(samples.performer.timesOf(sid)).toEqual([1]);
    await expectDense();
  }, 60_000);

  it('share the shards evenly, and give them back when they stop', async () => {
    const one = await samples.start();
    expect(one.shardsOwned).toBe(SHARDS);
    const two = await samples.start();
    await eventually('half each', () => one.shardsOwned === SHARDS / 2 && two.shardsOwned === SHARDS / 2, 10_000);
    await one.stop();
    await eventually('all of them', () => two.shardsOwned === SHARDS, 10_000);
  }, 60_000);

  it('that leave hand their shards over at once; an effect that is on its way ends where it began, once', async () => {
    let answered: () => void = () => undefined;
    const answer = new Promise<void>((resolve) => (answered = resolve));
    samples.performer.outcome = async () => (await answer, { ok: true, payload: { Sid: 'SM1', Status: 'queued' } });
    const one = await samples.start();
    const sid = await samples.created('send');
    await eventually('on its way', () => samples.performer.timesOf(sid).length === 1);
    const two = await samples.start();
    const left = one.stop();
    await eventually('all of them', () => two.shardsOwned === SHARDS, 2_000);
    const next = await samples.created('plain');
    await eventually('decided by the next owner', async () => (await samples.view('plain', next))?.status === 'ended', 2_000);
    expect(one.shardsOwned).toBe(0);
    answered();
    await left;
    await eventually('its end', async () => (await samples.view('send', sid))?.status === 'ended', 5_000);
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'sent']);
    expect(samples.performer.timesOf(sid)).toEqual([1]);
  }, 60_000);

  it('learn at once that a shard came free: it never waits for the next look', async () => {
    const workers = [await samples.start(), await samples.start({ db: await another() })];
    await eventually('half each', () => workers.every(({ shardsOwned }) => shardsOwned === SHARDS / 2), 10_000);
    await samples.db.query(`create table freed (shard smallint, at timestamptz); create table found (shard smallint, at timestamptz)`);
    await samples.db.query(`create function note() returns trigger language plpgsql as $$ begin
      if new.owner is null then insert into freed values (new.shard, clock_timestamp());
      elsif old.owner is null then insert into found values (new.shard, clock_timestamp()); end if; return new; end $$`);
    await samples.db.query(`create trigger noted before update of owner on lease for each row execute function note()`);
    await workers[0]?.stop();
    await eventually('all of them', () => workers[1]?.shardsOwned === SHARDS, 5_000);
    await samples.start();
    await eventually('half each again', async () => (await samples.db.query(`select from lease group by owner having count(*) = ${SHARDS / 2}`)).length === 2, 5_000);
    const [row] = await samples.db.query<{ moves: number; ms: number }>(
      `select count(*)::int as moves, percentile_cont(0.5) within group (order by extract(epoch from (select min(at) from found where shard = r.shard and at >= r.at) - r.at) * 1000)::float8 as ms from freed r`,
    );
    expect(row?.moves).toBe(SHARDS);
    expect(row?.ms).toBeLessThan(400); // half a second by looks alone
  }, 60_000);

  it('publish every event in the order of its shard, with the warnings among them (A4)', async () => {
    const worker = await samples.start();
    const contact = samples.contact();
    const sid = await samples.created('redirect', contact);
    await worker.idle();
    await samples.ingress.message(samples.messageOf('redirect', contact, 'not expected'));
    await samples.ingress.command({ account: samples.account, execution: sid, input: { type: 'FlowEvent', event: 'return', parameters: {} } });
    await worker.idle();
    const events = (await expectDense()).filter(({ subject }) => subject === sid);
    expect(events.map(({ type, data }) => [type, data['code'] ?? data['name'] ?? data['ended_reason']])).toEqual([
      ['com.twilio.studio.flow.execution.started', null],
      ['com.twilio.studio.flow.step.ended', 'incomingRequest'],
      ['atelier.execution.warning.v1', 81002],
      ['com.twilio.studio.flow.step.ended', 'return'],
      ['com.twilio.studio.flow.step.ended', 'next'],
      ['com.twilio.studio.flow.execution.ended', 'FLOW_END'],
    ]);
    expect(JSON.stringify(events)).not.toContain('not expected'); // what contacts say is no public event
  });

  it('that take over go on from what was published: keys of starts that nobody asked for are asked for (A4, A9)', async () => {
    samples.ensureKey = () => Promise.reject(new Fault('the authority is away'));
    const first = await samples.start();
    await samples.created('plain');
    await first.idle();
    await first.stop();
    expect(await samples.db.query('select shard from lease where published > 0')).toEqual([]);
    samples.ensureKey = () => Promise.resolve();
    samples.keysAsked.length = 0;
    await samples.start();
    await eventually('asked', () => samples.keysAsked.length > 0);
    expect(samples.keysAsked).toEqual([samples.account]);
    await eventually('published', async () => (await samples.db.query('select shard from lease where published > 0')).length > 0, 5_000);
  }, 30_000);
});

import { Rejection } from '@atelier/contracts';
import { type Database, newSid } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import type { ExecutionWorker } from './worker';

describe('an execution worker', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  beforeAll(async () => {
    db = await testDatabase({ ...EXECUTIONS_DATABASE, poolMax: 20 });
    samples = new SampleExecutions(db);
    worker = await samples.start();
  }, 90_000);
  afterAll(() => samples.close());

  const theOne = async (flow: 'ask' | 'send', contact: string) => {
    const found = (await samples.reader.list(samples.account, samples.flows[flow], { limit: 100 })).filter((each) => each.contact === contact);
    expect(found).toHaveLength(1);
    return found[0]!;
  };
  const nothingOpen = async (): Promise<void> => {
    for (const table of ['claim', 'effect', 'timer']) expect(await db.query(`select * from ${table}`)).toEqual([]);
  };

  it('runs ten steps to the end and lists them newest first', async () => {
    const sid = await samples.created('plain');
    await worker.idle();
    expect(await samples.view('plain', sid)).toMatchObject({ status: 'ended', endedReason: 'FLOW_END' });
    const steps = await samples.reader.steps(samples.account, samples.flows.plain, sid, { limit: 50 });
    expect(steps?.map(({ number }) => number)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    await nothingOpen();
  });

  it('asks for the Studio API Key of an account with each execution: it may have been deleted meanwhile', async () => {
    for (let i = 0; i < 2; i++) {
      samples.keysAsked.length = 0;
      await samples.created('plain');
      await worker.idle();
      expect(samples.keysAsked).toEqual([samples.account]);
    }
  });

  it('asks once for an account that may have no key, and goes on publishing', async () => {
    samples.keysAsked.length = 0;
    samples.ensureKey = () => Promise.reject(new Rejection('PermissionDenied'));
    const published = () => samples.db.query('select sum(published) as n from lease').then(([row]) => Number((row as { n: string }).n));
    const before = await published();
    await samples.created('plain');
    await worker.idle();
    await eventually('published', async () => (await published()) > before);
    expect(samples.keysAsked).toEqual([samples.account]);
    samples.ensureKey = () => Promise.resolve();
  });

  it('sends, waits, takes the reply', async () => {
    const from = samples.contact();
    await samples.ingress.message(samples.messageOf('ask', from, 'hi'));
    await worker.idle();
    const { sid, status } = await theOne('ask', from);
    expect(status).toBe('active');
    await samples.ingress.message(samples.messageOf('ask', from, 'me'));
    await worker.idle();
    expect(await samples.view('ask', sid)).toMatchObject({ status: 'ended', endedReason: 'FLOW_END' });
    expect(await samples.steps('ask', sid)).toEqual(['incomingMessage', 'incomingMessage', 'sent']);
    await nothingOpen();
  });

  it('keeps a reply that overtakes the answer of its own send (studio 4.6)', async () => {
    let answered: () => void = () => undefined;
    const answer = new Promise<void>((resolve) => (answered = resolve));
    samples.performer.outcome = async ({ effect }) => {
      if (effect.kind === 'message.send' && effect.request.body === 'who?') await answer;
      return { ok: true, payload: { Sid: 'SM1', Status: 'queued' } };
    };
    const from = samples.contact();
    await samples.ingress.message(samples.messageOf('ask', from, 'hi'));
    await eventually('sending', () => samples.performer.performed.some(({ effect }) => effect.kind === 'message.send' && effect.request.to === from));
    await samples.ingress.message(samples.messageOf('ask', from, 'early'));
    await eventually('decided', async () => (await db.query('select pos from sprint where version = 2 and execution = (select sid from execution order by sid desc limit 1)')).length === 1);
    answered();
    await worker.idle();
    expect(await samples.steps('ask', (await theOne('ask', from)).sid)).toEqual(['incomingMessage', 'incomingMessage', 'sent']);
  });

  it('starts one execution for two first messages that arrive at once (A6)', async () => {
    const from = samples.contact();
    await Promise.all([samples.ingress.message(samples.messageOf('ask', from, 'one')), samples.ingress.message(samples.messageOf('ask', from, 'two'))]);
    await worker.idle();
    expect(await samples.steps('ask', (await theOne('ask', from)).sid)).toEqual(['incomingMessage', 'incomingMessage', 'sent']);
    await nothingOpen();
  });

  it('lets a timer fire within a second of its time', async () => {
    const sid = await samples.created('brief');
    const waiting = await eventually('a timer', async () => (await db.query<{ due: Date }>('select due_at as due from timer where execution = $1', [sid.slice(2)]))[0]);
    const ended = await eventually('its end', async () => {
      const view = await samples.view('brief', sid);
      return view?.status === 'ended' ? view : undefined;
    });
    expect(await samples.steps('brief', sid)).toEqual(['incomingRequest', 'timeout', 'next']);
    const lateMs = ended.updatedAtMs - waiting.due.getTime();
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(1_000);
  });

  it('lets the reply win that was there before the timer was due, however late both are seen', async () => {
    const from = samples.contact();
    const sid = await samples.created('brief', from);
    await worker.idle();
    await worker.stop();
    await samples.ingress.message(samples.messageOf('brief', from, 'in time'));
    await eventually('the timer is due', async () => (await db.query('select from timer where due_at < now()')).length === 1);
    worker = await samples.start();
    await worker.idle();
    expect(await samples.steps('brief', sid)).toEqual(['incomingRequest', 'incomingMessage', 'next']);
  });

  it('keeps the revision that an execution started with (A7)', async () => {
    const from = samples.contact();
    const sid = await samples.created('ask', from);
    await worker.idle();
    await samples.ingress.message({ ...samples.messageOf('ask', from, 'me'), start: samples.startOf('ask', from, 'incomingMessage', 2) });
    await worker.idle();
    expect(await samples.view('ask', sid)).toMatchObject({ revision: 1, status: 'ended' });
    expect(await samples.steps('ask', sid)).toEqual(['incomingRequest', 'incomingMessage', 'sent']);
  });

  it('changes nothing for a message that was seen, also after the end of its execution', async () => {
    const from = samples.contact();
    const message = samples.messageOf('plain', from, 'hi');
    await samples.ingress.message(message);
    await worker.idle();
    const log = await db.query('select execution, version from sprint order by 1, 2');
    expect(await samples.ingress.message(message)).toEqual({ kind: 'repeated' });
    await worker.idle();
    expect(await db.query('select execution, version from sprint order by 1, 2')).toEqual(log);
  });

  describe('asked to end or delete', () => {
    const command = (sid: Awaited<ReturnType<SampleExecutions['created']>>, type: 'End' | 'Delete') =>
      samples.ingress.command({ account: samples.account, execution: sid, replyWithinMs: 5_000, input: type === 'End' ? { type, reason: 'API_REQUEST' } : { type } });

    it('ends an execution where it waits and says so, once, without another step', async () => {
      const sid = await samples.created('ask');
      await worker.idle();
      expect(await command(sid, 'End')).toMatchObject({ reply: { changed: true, status: 'ended' } });
      expect(await command(sid, 'End')).toMatchObject({ reply: { changed: false, status: 'ended' } });
      expect(await samples.view('ask', sid)).toMatchObject({ status: 'ended', endedReason: 'API_REQUEST' });
      expect(await samples.steps('ask', sid)).toEqual(['incomingRequest']);
      await nothingOpen();
    });

    it('deletes an active execution with everything that shows it, and its contact is free', async () => {
      const from = samples.contact();
      const sid = await samples.created('ask', from);
      await worker.idle();
      expect(await command(sid, 'Delete')).toMatchObject({ reply: { changed: true, status: 'deleted' } });
      expect(await command(sid, 'Delete')).toMatchObject({ reply: { changed: false } });
      expect(await samples.view('ask', sid)).toBeUndefined();
      expect(await samples.reader.steps(samples.account, samples.flows.ask, sid, { limit: 1 })).toBeUndefined();
      expect((await samples.ingress.create(samples.startOf('ask', from))).kind).toBe('accepted');
    });

    it('says that an execution of another account is not there', async () => {
      const sid = await samples.created('plain');
      await worker.idle();
      expect(await samples.ingress.command({ account: newSid('AC'), execution: sid, input: { type: 'Delete' }, replyWithinMs: 5_000 })).toEqual({ kind: 'unknown' });
    });
  });

  describe('whose door waits', () => {
    it('answers with the TwiML of the redirect once the execution waits there, behind a send', async () => {
      const result = await samples.ingress.message({ ...samples.messageOf('sendAndRedirect', samples.contact(), 'hi'), replyWithinMs: 5_000 });
      expect(result).toMatchObject({ kind: 'accepted', reply: { status: 'active', twiml: expect.stringContaining('>https://example.com/</Redirect>') } });
    });

    it('answers when the execution ends', async () => {
      const result = await samples.ingress.message({ ...samples.messageOf('send', samples.contact(), 'hi'), replyWithinMs: 5_000 });
      expect(result).toMatchObject({ kind: 'accepted', reply: { status: 'ended', changed: true } });
      expect(result.reply).not.toHaveProperty('twiml');
    });

    it('answers a message that a redirect does not wait for at once, without TwiML', async () => {
      const from = samples.contact();
      await samples.ingress.message({ ...samples.messageOf('redirect', from, 'hi'), replyWithinMs: 5_000 });
      const { reply } = await samples.ingress.message({ ...samples.messageOf('redirect', from, 'again'), replyWithinMs: 5_000 });
      expect(reply).toMatchObject({ status: 'active' });
      expect(reply).not.toHaveProperty('twiml');
    });
  });
});

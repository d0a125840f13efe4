import type { Effect, EffectOutcome } from '@atelier/widgets';
import { type Database, newExecutionSid, newSid, silentLog } from '@atelier/platform';
import { eventually } from '@atelier/testing';
import { MovableClock } from '../samples/sample-executions';
import { EffectDesk } from './effect-desk';
import type { OpenRow } from './effect-rows';
import type { Entry } from './entry';
import type { OutcomeInput } from './inputs';
import { WorkerMetrics } from './metrics';

const effect: Effect = { kind: 'http.request', request: { method: 'POST', url: 'https://example.com/', timeoutMs: 1_000, headers: {} } } as unknown as Effect; // nobody looks into it here
const row = (account = newSid('AC')): OpenRow => ({ shard: 3, execution: newExecutionSid(Date.now()), step: 2, account, epoch: 1, attempts: 0, attempted: undefined });

// The store answers when the test says so: what it was asked meanwhile is what a slow commit beside a shard that is read again looks like.
describe('an effect whose mark is on its way', () => {
  const clock = new MovableClock();
  const marks: ((isStored: boolean) => void)[] = [];
  const delivered: OutcomeInput[] = [];
  const asked: string[] = [];
  const performed: string[] = [];
  const looked: string[] = [];
  let epoch: number | undefined;
  let desk: EffectDesk;
  beforeEach(() => {
    for (const list of [marks, delivered, asked, performed, looked]) list.length = 0;
    epoch = 1;
  });
  const outcome: EffectOutcome = { ok: true, payload: {} };
  const deskOf = (...rows: readonly OpenRow[]): EffectDesk => {
    const stored = new Map(rows.map(({ execution, account, ...rest }) => [execution.slice(2), { ...rest, execution: execution.slice(2), account: account.slice(2), at: null, ago: null }]));
    const ofList = (list: unknown): unknown[] => String(list).replace(/[{}]/g, '').split(',').map((execution) => stored.get(execution)); // as `column` writes it
    const marking = (list: unknown): Promise<unknown[]> => new Promise((resolve) => void marks.push((isStored) => resolve(isStored ? ofList(list) : [])));
    const query = ({ name }: { name: string }, values: readonly unknown[]): Promise<unknown[]> => (name === 'executions.mark-effects' ? marking(values[1]) : Promise.resolve(ofList(values[1])));
    return new EffectDesk({
      db: { query } as unknown as Database, // it is asked for nothing else
      clock, log: silentLog, metrics: new WorkerMetrics(),
      directory: { choose: () => Promise.reject(new Error()), resolve: () => Promise.resolve(1), definition: () => Promise.resolve(undefined) },
      performer: {
        perform: ({ account }) => (performed.push(account), Promise.resolve(outcome)),
        reconcile: ({ stepSid }) => (asked.push(stepSid), Promise.resolve(outcome)),
      },
      settings: { effectsMax: 1, effectsPerAccountMax: 1, effectTimeoutMs: 10_000, effectPatienceMs: 60_000 },
      epochOf: () => epoch,
      entryOf: (shard, sid) => {
        const { account, step } = rows.find(({ execution }) => execution === sid) ?? {};
        if (account) looked.push(account);
        return Promise.resolve({ sid, account, flow: newSid('FW'), shard, effect: { step, effect }, reported: undefined } as unknown as Entry);
      },
      deliver: (input) => void delivered.push(input),
    });
  };
  /** Found in the store, waiting, and about to be marked. */
  const unmarked = async (open: OpenRow): Promise<void> => {
    desk = deskOf(open);
    desk.found([open]);
    await eventually('its mark is on its way', () => marks.length === 1);
  };

  it('is performed once it is marked', async () => {
    await unmarked(row());
    marks[0]?.(true);
    await eventually('its outcome', () => delivered.length === 1);
    expect([performed.length, asked.length, desk.isIdle]).toEqual([1, 0, true]);
  });

  it('and whose shard is read again meanwhile, as it was before the mark, is performed once and not forgotten', async () => {
    const open = row();
    await unmarked(open);
    desk.found([open]);
    await new Promise(setImmediate); // it stands in line again
    marks[0]?.(true);
    await eventually('its outcome', () => delivered.length === 1);
    clock.move(16_000);
    desk.look();
    expect([performed.length, asked.length, desk.isIdle]).toEqual([1, 0, true]);
  });

  it('and whose shard has gone is performed all the same, for its next owner sees the mark and waits', async () => {
    await unmarked(row());
    epoch = undefined;
    desk.left(new Set([3]));
    marks[0]?.(true);
    await eventually('its outcome', () => delivered.length === 1);
    await eventually('its slot is free', () => desk.takeSlot(newSid('AC')));
    expect([performed.length, asked.length, desk.isIdle]).toEqual([1, 0, true]);
  });

  it('and was not marked, because somebody else has it, is nobody’s here, and its slot is free', async () => {
    await unmarked(row());
    epoch = undefined;
    desk.left(new Set([3]));
    marks[0]?.(false);
    await eventually('its slot is free', () => desk.takeSlot(newSid('AC')));
    expect([performed.length, asked.length, desk.isIdle]).toEqual([0, 0, true]);
  });

  it('or was found after a takeover is looked at after one of a flood of another account, though all of that was found before it', async () => {
    const [loud, quiet] = [newSid('AC'), newSid('AC')];
    const rows = [...Array.from({ length: 1_000 }, () => row(loud)), row(quiet)];
    desk = deskOf(...rows);
    desk.found(rows);
    await eventually('all are looked at', () => looked.length === rows.length);
    expect(looked.indexOf(quiet)).toBe(1);
  });
});

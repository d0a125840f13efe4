import type { AccountSid } from '@atelier/contracts';
import { type Waiting, Slots } from './slots';

const account = (letter: string): AccountSid => `AC${letter.repeat(32)}`;
const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(account) as [AccountSid, AccountSid, AccountSid, AccountSid, AccountSid];
const effect = (of: AccountSid, n: number, shard = 0): Waiting => ({ name: `${of[2]}${n}`, shard, effect: { account: of } });
const flood = (slots: Slots<Waiting>, of: AccountSid, count: number): void => {
  for (let n = 1; n <= count; n++) if (!slots.take(of)) slots.wait(effect(of, n));
};
const namesOf = (slots: Slots<Waiting>, count: number): readonly (string | undefined)[] => Array.from({ length: count }, () => slots.next()?.name);

describe('slots for effects', () => {
  it('are as many as the settings say, for an account and in all', () => {
    const slots = new Slots<Waiting>(3, 2);
    expect([a, a, a, b, b].map((of) => slots.take(of))).toEqual([true, true, false, true, false]);
    expect(slots.inUse).toBe(3);
    slots.release(a);
    expect([slots.take(b), slots.take(b)]).toEqual([true, false]);
  });

  it('go to accounts in turn: floods of four delay a fifth by one effect of each at most', () => {
    const slots = new Slots<Waiting>(8, 2);
    [a, b, c, d].forEach((each) => flood(slots, each, 1_000));
    slots.wait(effect(e, 1));
    slots.wait(effect(e, 2));
    const served = [a, b, c, d, a, b].map((each) => {
      slots.release(each);
      return slots.next()?.name;
    });
    expect(served).toEqual(['e1', 'a3', 'e2', 'b3', 'c3', 'd3']);
  });

  it('go to the effects of an account in the order in which they came', () => {
    const slots = new Slots<Waiting>(9, 9);
    for (let n = 1; n <= 3; n++) slots.wait(effect(a, n));
    expect(namesOf(slots, 4)).toEqual(['a1', 'a2', 'a3', undefined]);
  });

  it('are not taken past those that wait for them, and are past those whose account has all it may have', () => {
    const slots = new Slots<Waiting>(3, 2);
    flood(slots, a, 5);
    expect(slots.take(b)).toBe(true); // a's effects wait for a's own slots
    slots.wait(effect(c, 1));
    slots.release(b);
    expect(slots.take(b)).toBe(false); // c was first
    expect(slots.next()?.name).toBe('c1');
  });

  it('come back to the line of an account that had all it may have, when one of its own is free', () => {
    const slots = new Slots<Waiting>(9, 2);
    flood(slots, a, 4);
    expect(slots.next()).toBeUndefined();
    slots.release(a);
    expect(namesOf(slots, 2)).toEqual(['a3', undefined]);
  });

  it('do not go to what was given up, nor to what another shard’s owner has now', () => {
    const slots = new Slots<Waiting>(9, 9);
    for (const each of [effect(a, 1), effect(a, 2, 7), effect(a, 3), effect(b, 1, 7)]) slots.wait(each);
    slots.forget('a1');
    slots.forgetShards(new Set([7]));
    expect([slots.inLine, ...namesOf(slots, 2)]).toEqual([1, 'a3', undefined]);
  });

  it('cost the same however many effects wait', () => {
    const slots = new Slots<Waiting>(64, 16);
    const msOf = (work: () => void): number => {
      const startedMs = performance.now();
      work();
      return performance.now() - startedMs;
    };
    const turn = (): void => {
      const next = slots.next();
      if (next) slots.release(next.effect.account);
      if (next) slots.wait(next);
    };
    for (let n = 0; n < 200_000; n++) slots.wait(effect(account((n % 16).toString(16)), n));
    expect(msOf(() => Array.from({ length: 20_000 }).forEach(turn))).toBeLessThan(2_000); // 10 ms alone; a look over all of them each time would take a minute
    expect(slots.inLine).toBe(200_000);
  });
});

import { Gate } from './gate';

const passes = (gate: Gate, ms: number, withinMs: number): Promise<boolean> =>
  Promise.race([gate.passed(ms).then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, withinMs, false))]);

describe('a gate', () => {
  it('lets everybody pass while it is open', async () => {
    const gate = new Gate();
    gate.open();
    expect(await passes(gate, 60_000, 50)).toBe(true);
  });

  it('holds everybody while it is shut, until it opens', async () => {
    const gate = new Gate();
    const held = [gate.passed(60_000), gate.passed(60_000)];
    expect(await passes(gate, 60_000, 50)).toBe(false);
    gate.open();
    await Promise.all(held);
  });

  it('holds nobody any more once it has been shut for long', async () => {
    const gate = new Gate();
    gate.open();
    gate.shut();
    await gate.passed(100);
    gate.shut(); // it was shut already
    expect(await passes(gate, 100, 20)).toBe(true);
  });
});

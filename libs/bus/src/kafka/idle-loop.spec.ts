import { readFileSync } from 'node:fs';
import { mendIdleLoop } from './idle-loop';

type Queue = { readonly pending: readonly unknown[]; readonly throttledUntil: number; readonly throttleCheckTimeoutId: unknown };
const mended = () => {
  const calls: Queue[] = [];
  const prototype = { scheduleCheckPendingRequests(this: Queue): void { calls.push(this); } };
  mendIdleLoop('2.2.4', prototype);
  const looks = (queue: Partial<Queue>): boolean => {
    const before = calls.length;
    prototype.scheduleCheckPendingRequests.call({ pending: [], throttledUntil: -1, throttleCheckTimeoutId: null, ...queue });
    return calls.length > before;
  };
  return { prototype, looks };
};

describe('the queue of a connection', () => {
  it('arms no timer while nothing waits', () => expect(mended().looks({})).toBe(false));

  it('looks again while a request waits, the broker throttles, or a timer is running', () => {
    const { looks } = mended();
    expect(looks({ pending: [{}] })).toBe(true);
    expect(looks({ throttledUntil: Date.now() + 60_000 })).toBe(true);
    expect(looks({ throttleCheckTimeoutId: 1 })).toBe(true);
  });

  // The names that the remedy relies on: without them it would do nothing, and say nothing.
  it('is the queue that kafkajs has', () => {
    const text = readFileSync(require.resolve('kafkajs/src/network/requestQueue'), 'utf8');
    for (const name of ['scheduleCheckPendingRequests()', 'this.pending', 'this.throttledUntil', 'this.throttleCheckTimeoutId']) expect(text).toContain(name);
  });

  it('is mended once', () => {
    const { prototype } = mended();
    const first = prototype.scheduleCheckPendingRequests;
    mendIdleLoop('2.2.4', prototype);
    expect(prototype.scheduleCheckPendingRequests).toBe(first);
  });

  it('is not touched in a version that nobody has looked at', () => {
    expect(() => mendIdleLoop('2.3.0', { scheduleCheckPendingRequests: () => undefined })).toThrow('found 2.3.0: look whether its idle loop still has to be mended');
  });
});

import type { Rejection } from '@atelier/contracts';
import { RateLimit } from './rate-limit';

describe('a rate limit', () => {
  const clock = { ms: 0, monotonicMs: () => clock.ms };
  const refusal = (limit: RateLimit, key: string) => {
    try {
      limit.take(key);
      return undefined;
    } catch (error) {
      return error as Rejection;
    }
  };

  it('lets a second of requests through at once, then as many as fit, for each account alone', () => {
    const limit = new RateLimit(20, clock);
    for (let i = 0; i < 20; i++) limit.take('AC1');
    expect(refusal(limit, 'AC1')).toMatchObject({ name: 'TooManyRequests', info: { headers: { 'retry-after': '1' } } });
    limit.take('AC2');
    clock.ms += 100;
    expect([refusal(limit, 'AC1'), refusal(limit, 'AC1'), refusal(limit, 'AC1')?.name]).toEqual([undefined, undefined, 'TooManyRequests']);
  });

  it('is off at 0', () => {
    const limit = new RateLimit(0, clock);
    for (let i = 0; i < 1_000; i++) limit.take('AC1');
    expect(refusal(limit, 'AC1')).toBeUndefined();
  });
});

import type { SendResult } from '@atelier/twilio-client';
import { MovableClock } from '../samples/sample-executions';
import { CarrierCircuit, isPassing } from './carrier-circuit';

const away: SendResult = { kind: 'unreachable', message: 'nobody listens' };
const accepted: SendResult = { kind: 'accepted', message: { Sid: 'SM1' } };
const refused = (status: number): SendResult => ({ kind: 'refused', status, code: status, message: 'no' });

describe('the circuit to a provider', () => {
  let clock: MovableClock;
  let said: string[];
  let circuit: CarrierCircuit;
  let calls: number;
  beforeEach(() => {
    [clock, said, calls] = [new MovableClock(), [], 0];
    circuit = new CarrierCircuit(clock, { warn: (_: object, text: string) => void said.push(text) });
  });
  const during = (result: SendResult): Promise<SendResult> => circuit.during(async () => (calls++, result));
  const times = async (n: number, result: SendResult): Promise<void> => {
    for (let i = 0; i < n; i++) await during(result);
  };

  it('opens after five attempts in a row that did not reach it, says so once, and then lets nobody through', async () => {
    await times(4, away);
    await during(accepted);
    await times(4, refused(503));
    expect(circuit.isOpen).toBe(false);
    await times(3, away);
    expect([circuit.isOpen, calls, said]).toEqual([true, 10, ['the provider cannot be reached: messages wait']]);
    expect(await during(accepted)).toMatchObject({ kind: 'unreachable' });
  });

  it('lets one attempt at a time find out, a while later, and closes with the first that reaches it', async () => {
    await times(5, away);
    clock.move(2_001);
    let arrive: (result: SendResult) => void = () => undefined;
    const probe = circuit.during(() => new Promise((resolve) => (arrive = resolve)));
    expect(await during(accepted)).toMatchObject({ kind: 'unreachable' });
    arrive(away);
    expect(await probe).toBe(away);
    expect(await during(accepted)).toMatchObject({ kind: 'unreachable' }); // it waits again
    clock.move(2_001);
    expect([await during(refused(400)), circuit.isOpen, said.at(-1)]).toEqual([refused(400), false, 'the provider answers again']); // refused is an answer
    expect(await during(accepted)).toBe(accepted);
  });

  it('learns nothing from what nobody knows the fate of, and lets the next probe through after one that threw', async () => {
    await times(5, away);
    clock.move(2_001);
    await during({ kind: 'unknown', message: 'broke' });
    expect(circuit.isOpen).toBe(true);
    await expect(circuit.during(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    expect(await during(accepted)).toBe(accepted);
  });

  it('passes for what had not been done and may be done later', () =>
    expect([away, refused(503), refused(429), refused(400), accepted, { kind: 'unknown', message: '' } as const].map(isPassing)).toEqual([true, false, true, false, false, false]));
});

/**
 * Whether the provider can be reached, learnt from the calls themselves. Owns when it is asked again.
 * C1. After FAILURES attempts in a row that did not reach it, nobody asks for PAUSE_MS; then one attempt at a time finds out, until one reaches it.
 * C2. Who is not let through is told so at once: nothing was sent.
 */
import type { Clock, Log } from '@atelier/platform';
import type { SendResult } from '@atelier/twilio-client';
import type { NoKey } from './studio-key-call';

const FAILURES = 5;
const PAUSE_MS = 2_000;

export class CarrierCircuit {
  private failures = 0;
  private closedUntilMs = -Infinity;
  private isProbed = false;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly log: Pick<Log, 'warn'>,
  ) {}

  /** Calls are not let through, or one at a time. */
  get isOpen(): boolean {
    return this.failures >= FAILURES;
  }

  /** Makes a call where it is let through. */
  async during(call: () => Promise<SendResult>): Promise<SendResult> {
    if (!this.isOpen) return this.learnt(await call());
    if (this.isProbed || this.clock.monotonicMs() < this.closedUntilMs) return { kind: 'unreachable', message: 'The provider could not be reached a moment ago' };
    this.isProbed = true;
    try {
      return this.learnt(await call());
    } finally {
      this.isProbed = false;
    }
  }

  private learnt(result: SendResult): SendResult {
    const wasOpen = this.isOpen;
    if (isAway(result)) {
      this.failures++;
      if (this.isOpen) this.closedUntilMs = this.clock.monotonicMs() + PAUSE_MS;
      if (this.isOpen && !wasOpen) this.log.warn({ result }, 'the provider cannot be reached: messages wait');
    } else if (result.kind !== 'unknown') {
      this.failures = 0;
      if (wasOpen) this.log.warn({}, 'the provider answers again');
    }
    return result;
  }
}

const TOO_MANY = 429; // as Twilio says it with 20429 (`spec/rest-api.md`): before anything is done

const isAway = (result: SendResult): boolean => result.kind === 'unreachable' || isUnavailable(result);

/** It answers that it is not there: it may have stored the message before it gave up. */
export const isUnavailable = (result: SendResult | NoKey): boolean => result.kind === 'refused' && result.status === 503;

/** Nothing was sent for certain, and the same may pass a little later. */
export const isPassing = (result: SendResult): boolean => result.kind === 'unreachable' || (result.kind === 'refused' && result.status === TOO_MANY);

/** One consumer's place in one shard that comes over Kafka, while it follows and while it does not. */
import type { PublicEvent } from '@atelier/contracts';
import type { Lag } from '../bus.port';
import { ShardDelivery } from '../shard-delivery';

export type PlacedEvent = { readonly event: PublicEvent; readonly offset: string };

export class KafkaShard extends ShardDelivery {
  failures = 0;
  /** The first record that was passed over while the shard stands still or has a gap: hints stay in front of it. */
  passedOver: string | undefined;
  /** A Fault: nothing is delivered until the timer ends. */
  waiting: NodeJS.Timeout | undefined;
  /** A gap: the owner is asked again and again until the event comes that follows. */
  asking: NodeJS.Timeout | undefined;
  private highest = 0;
  private firstUnhandledAt: string | undefined;
  private lastHandledAt: string | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  /** One batch at a time, also where two members of a group believe that the shard is theirs. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => undefined); // whoever waits for the turn hears of it
    return turn;
  }

  /** After the batch in hand. */
  async idle(): Promise<void> {
    await this.queue;
  }

  saw({ pos, time }: PublicEvent): void {
    this.highest = Math.max(this.highest, pos);
    if (pos > this.at) this.firstUnhandledAt ??= time;
  }

  handled(events: readonly PlacedEvent[]): void {
    this.lastHandledAt = events[events.length - 1]?.event.time ?? this.lastHandledAt;
    if (this.at >= this.highest) this.firstUnhandledAt = undefined;
  }

  passOver(offset: string): void {
    if (this.passedOver === undefined || BigInt(offset) < BigInt(this.passedOver)) this.passedOver = offset;
  }

  follows(): void {
    clearTimeout(this.asking);
    this.asking = undefined;
    this.failures = 0;
    this.passedOver = undefined;
  }

  stop(): void {
    clearTimeout(this.asking);
    clearTimeout(this.waiting);
  }

  /** `unread`: records of the partition that were not fetched yet, as far as they are counted to this shard. */
  lag(nowMs: number, unread: number): Pick<Lag, 'events' | 'seconds' | 'failures' | 'deadLetters'> {
    const events = Math.max(0, this.highest - this.at) + unread;
    const oldest = this.firstUnhandledAt ?? this.lastHandledAt;
    const seconds = events > 0 && oldest !== undefined ? Math.max(0, (nowMs - Date.parse(oldest)) / 1_000) : 0;
    return { events, seconds, failures: this.failures, deadLetters: this.deadLetters };
  }
}

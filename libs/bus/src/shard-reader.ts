/**
 * One consumer's reader of one shard. It owns where the consumer stands while the process lives; it assumes that the consumer stores effect and
 * position together (A3) and that the owner's log is dense (A4). A second process may read the same shard for the same group: both deliver, and
 * the consumer's store drops what it has seen.
 *
 * B1. One batch at a time and in order: the next is read when this one is stored.
 * B2. A batch begins right behind the position. Anything else is a gap: the shard stops, asks the store where it stands, and reads the owner again.
 * B3. A Fault skips nothing: the shard waits, longer each time, asks the store where it stands, and goes on from there.
 * B4. A poisoned event goes alone: batches that fail otherwise are halved until one event is left; that one is tried three times in all, then
 *     becomes a dead letter with its reason, and the shard goes on.
 * B5. Hints may be lost, late or wrong: they only shorten the wait between polls.
 * B6. Stopping finishes the batch in hand.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@atelier/contracts';
import type { Clock, Log } from '@atelier/platform';
import type { Lag, Subscription } from './bus.port';
import { Hint } from './hint';
import { ShardDelivery, waitAfter } from './shard-delivery';
import type { TopicSource } from './topic-source.port';

export type ReaderOptions = {
  readonly log: Log;
  readonly clock: Clock;
  /** Events of a batch at the most. */
  readonly batchEventsMax: number;
  readonly pollMs: number;
  /** The wait after the first failure; it doubles up to ten seconds. */
  readonly retryMs: number;
};

/** The owner's log does not go on where the consumer stands (B2). */
class Gap extends Fault {}

export class ShardReader {
  private readonly hint = new Hint();
  private readonly stopping = new AbortController();
  private readonly delivery: ShardDelivery;
  private failures = 0;
  private readonly ended: Promise<void>;

  constructor(
    private readonly source: TopicSource,
    private readonly shard: number,
    private readonly subscription: Subscription,
    private readonly options: ReaderOptions,
  ) {
    this.delivery = new ShardDelivery(this.names, subscription, options);
    this.ended = this.run();
  }

  wake(): void {
    this.hint.give();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.hint.give();
    await this.ended;
  }

  async lag(): Promise<Lag> {
    const { at, deadLetters } = this.delivery;
    const [end, oldest] = await Promise.all([this.source.end(this.shard), this.source.read(this.shard, at, 1)]);
    return {
      ...this.names,
      events: Math.max(0, end - at),
      seconds: oldest[0] ? Math.max(0, (this.options.clock.nowMs() - Date.parse(oldest[0].time)) / 1_000) : 0,
      failures: this.failures,
      deadLetters,
    };
  }

  private get names() {
    return { group: this.subscription.group, topic: this.source.topic, log: this.source.log, shard: this.shard };
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        this.hint.clear(); // before reading: what is appended meanwhile gives a new one
        const handled = await this.readOnce();
        this.failures = 0;
        if (!handled) await this.hint.wait(this.options.pollMs);
      } catch (error) {
        await this.standStill(error);
      }
    }
  }

  private async readOnce(): Promise<boolean> {
    if (!this.delivery.isPlaced) await this.delivery.place(() => this.source.end(this.shard));
    const { at } = this.delivery;
    const events = await this.source.read(this.shard, at, this.options.batchEventsMax);
    if (events.length === 0) return false;
    const broken = events.findIndex(({ pos }, i) => pos !== at + i + 1);
    if (broken >= 0) throw new Gap(`expected position ${at + broken + 1}, found ${events[broken]?.pos}`);
    await this.delivery.deliver(events);
    return true;
  }

  private async standStill(error: unknown): Promise<void> {
    this.delivery.displace();
    const waitMs = waitAfter(this.failures, this.options.retryMs);
    this.failures++;
    this.options.log.warn({ ...this.names, pos: this.delivery.at, failures: this.failures, waitMs, err: error }, 'shard stands still');
    await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined); // stopping ends the wait
  }
}

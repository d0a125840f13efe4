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
import { type PublicEvent, Fault, Rejection } from '@atelier/contracts';
import type { Clock, Log } from '@atelier/platform';
import type { Lag, Subscription } from './bus.port';
import { Hint } from './hint';
import type { TopicSource } from './topic-source.port';

export type ReaderOptions = {
  readonly log: Log;
  readonly clock: Clock;
  /** Events of a batch at the most. */
  readonly batchEventsMax: number;
  readonly pollMs: number;
  /** The wait after the first failure; it doubles up to RETRY_MS_MAX. */
  readonly retryMs: number;
};

const TRIES_ALONE = 3; // a defect repeats itself; what passes by the third time was not one
const RETRY_MS_MAX = 10_000; // a store that is back is noticed within this

/** The owner's log does not go on where the consumer stands (B2). */
class Gap extends Fault {}

export class ShardReader {
  private readonly hint = new Hint();
  private readonly stopping = new AbortController();
  private at = 0;
  private isPlaced = false;
  private keepsPlace = true; // false: the consumer stores none, so only this reader knows it
  private failures = 0;
  private deadLetters = 0;
  private readonly ended: Promise<void>;

  constructor(
    private readonly source: TopicSource,
    private readonly shard: number,
    private readonly subscription: Subscription,
    private readonly options: ReaderOptions,
  ) {
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
    const [end, oldest] = await Promise.all([this.source.end(this.shard), this.source.read(this.shard, this.at, 1)]);
    return {
      ...this.names,
      events: Math.max(0, end - this.at),
      seconds: oldest[0] ? Math.max(0, (this.options.clock.nowMs() - Date.parse(oldest[0].time)) / 1_000) : 0,
      failures: this.failures,
      deadLetters: this.deadLetters,
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
    if (!this.isPlaced) await this.place();
    const events = await this.source.read(this.shard, this.at, this.options.batchEventsMax);
    if (events.length === 0) return false;
    const broken = events.findIndex(({ pos }, i) => pos !== this.at + i + 1);
    if (broken >= 0) throw new Gap(`expected position ${this.at + broken + 1}, found ${events[broken]?.pos}`);
    await this.deliver(events);
    return true;
  }

  private async place(): Promise<void> {
    const stored = await this.subscription.position(this.source.log, this.shard);
    this.keepsPlace = stored !== 'end';
    this.at = stored === 'end' ? await this.source.end(this.shard) : stored;
    this.isPlaced = true;
  }

  private async deliver(events: readonly PublicEvent[]): Promise<void> {
    const failure = await this.attempt(events);
    if (failure === undefined) return;
    if (events.length === 1) return this.alone(events, failure.error);
    const half = Math.ceil(events.length / 2);
    await this.deliver(events.slice(0, half));
    await this.deliver(events.slice(half));
  }

  private async alone(events: readonly PublicEvent[], first: unknown): Promise<void> {
    let error = first;
    for (let tries = 1; tries < TRIES_ALONE && !(error instanceof Rejection); tries++) {
      const failure = await this.attempt(events);
      if (failure === undefined) return;
      error = failure.error;
    }
    for (const event of events) await this.bury(event, error);
  }

  private async bury(event: PublicEvent, error: unknown): Promise<void> {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (!this.subscription.deadLetter) throw error; // as a Fault would: the shard stands still
    await this.subscription.deadLetter({ topic: this.source.topic, event, reason });
    this.at = event.pos;
    this.deadLetters++;
    this.options.log.error({ ...this.names, pos: event.pos, event: event.id, err: error }, 'event became a dead letter');
  }

  /** The error where it was the handler's own; Faults pass through (B3). */
  private async attempt(messages: readonly PublicEvent[]): Promise<{ error: unknown } | undefined> {
    const began = this.options.clock.monotonicMs();
    try {
      await this.subscription.handle({ topic: this.source.topic, log: this.source.log, shard: this.shard, messages });
    } catch (error) {
      if (error instanceof Fault) throw error;
      return { error };
    }
    this.at = messages[messages.length - 1]?.pos ?? this.at;
    this.options.log.debug({ ...this.names, events: messages.length, pos: this.at, ms: this.options.clock.monotonicMs() - began }, 'batch handled');
    return undefined;
  }

  private async standStill(error: unknown): Promise<void> {
    this.isPlaced = this.isPlaced && !this.keepsPlace;
    const waitMs = Math.min(RETRY_MS_MAX, this.options.retryMs * 2 ** Math.min(this.failures, 20));
    this.failures++;
    this.options.log.warn({ ...this.names, pos: this.at, failures: this.failures, waitMs, err: error }, 'shard stands still');
    await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined); // stopping ends the wait
  }
}

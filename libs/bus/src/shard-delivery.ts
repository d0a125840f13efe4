/** One consumer's delivery of one shard: how far it came, and what becomes of what it cannot handle (B3, B4 of shard-reader.ts). */
import { type PublicEvent, type TopicName, Fault, Rejection } from '@atelier/contracts';
import type { Clock, Log } from '@atelier/platform';
import type { Subscription } from './bus.port';

export type ShardNames = { readonly group: string; readonly topic: TopicName; readonly log: string; readonly shard: number };

const TRIES_ALONE = 3; // a defect repeats itself; what passes by the third time was not one

/** Handles items in order. What fails for a reason of its own is halved until it stands alone, tried three times in all, and then buried. */
export const byHalves = async <T>(
  items: readonly T[],
  /** The error where it was the handler's own; a Fault is thrown, and stops everything. */
  attempt: (items: readonly T[]) => Promise<{ error: unknown } | undefined>,
  bury: (item: T, reason: string, error: unknown) => Promise<void>,
): Promise<void> => {
  let failure = await attempt(items);
  if (failure === undefined) return;
  if (items.length > 1) {
    const half = Math.ceil(items.length / 2);
    await byHalves(items.slice(0, half), attempt, bury);
    return byHalves(items.slice(half), attempt, bury);
  }
  for (let tries = 1; tries < TRIES_ALONE && !(failure.error instanceof Rejection); tries++) {
    failure = await attempt(items);
    if (failure === undefined) return;
  }
  for (const item of items) await bury(item, reasonOf(failure.error), failure.error);
};

const reasonOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** The handler's own error as a value; a Fault passes through (B3). */
export const attempted = async (work: () => Promise<void>): Promise<{ error: unknown } | undefined> => {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) throw error;
    return { error };
  }
};

export class ShardDelivery {
  /** The last position that was handled or buried. */
  at = 0;
  isPlaced = false;
  /** False: the consumer stores no position, so only this process knows it. */
  keepsPlace = true;
  deadLetters = 0;

  constructor(
    private readonly names: ShardNames,
    private readonly subscription: Subscription,
    private readonly options: { readonly log: Log; readonly clock: Clock },
  ) {}

  /** Asks the consumer's store where it stands; `end` says where a consumer begins that stores nothing. */
  async place(end: () => Promise<number>): Promise<void> {
    const stored = await this.subscription.position(this.names.log, this.names.shard);
    this.keepsPlace = stored !== 'end';
    this.at = stored === 'end' ? await end() : stored;
    this.isPlaced = true;
  }

  /** The store has to be asked again: another process may have moved it, or the last statement was stored unheard. */
  displace(): void {
    this.isPlaced = this.isPlaced && !this.keepsPlace;
  }

  deliver(events: readonly PublicEvent[]): Promise<void> {
    return byHalves(events, (messages) => this.attempt(messages), (event, reason, error) => this.bury(event, reason, error));
  }

  private async attempt(messages: readonly PublicEvent[]): Promise<{ error: unknown } | undefined> {
    const { topic, log, shard } = this.names;
    const began = this.options.clock.monotonicMs();
    const failure = await attempted(() => this.subscription.handle({ topic, log, shard, messages }));
    if (failure) return failure;
    this.at = messages[messages.length - 1]?.pos ?? this.at;
    this.options.log.debug({ ...this.names, events: messages.length, pos: this.at, ms: this.options.clock.monotonicMs() - began }, 'batch handled');
    return undefined;
  }

  private async bury(event: PublicEvent, reason: string, error: unknown): Promise<void> {
    if (!this.subscription.deadLetter) throw error; // as a Fault would: the shard stands still
    await this.subscription.deadLetter({ topic: this.names.topic, event, reason });
    this.at = event.pos;
    this.deadLetters++;
    this.options.log.error({ ...this.names, pos: event.pos, event: event.id, err: error }, 'event became a dead letter');
  }
}

const RETRY_MS_MAX = 10_000; // a store that is back is noticed within this

/** The wait after so many failures in a row. */
export const waitAfter = (failures: number, retryMs: number): number => Math.min(RETRY_MS_MAX, retryMs * 2 ** Math.min(failures, 20));

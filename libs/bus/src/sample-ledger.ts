import type { PublicEvent } from '@atelier/contracts';
import type { Batch, DeadLetter, Subscription } from './bus.port';

/** A consumer as every consumer has to be: effect and position in one step, and what was seen is dropped (A3). */
export class Ledger {
  readonly positions = new Map<string, number>();
  readonly seen: PublicEvent[] = [];
  readonly letters: DeadLetter[] = [];
  readonly batches: number[] = [];
  delivered = 0;

  subscription(over: Partial<Subscription> = {}): Required<Omit<Subscription, 'readTimes'>> {
    return {
      topic: 'atelier.flows.events',
      group: 'ledger',
      position: async (log, shard) => this.positions.get(`${log} ${shard}`) ?? 0,
      handle: async (batch) => this.store(batch),
      deadLetter: async (letter) => {
        this.letters.push(letter);
        this.positions.set(`${letter.event.log} ${letter.event.shard}`, letter.event.pos);
      },
      ...over,
    };
  }

  store({ log, shard, messages }: Batch): void {
    this.delivered += messages.length;
    this.batches.push(messages.length);
    const at = this.positions.get(`${log} ${shard}`) ?? 0;
    const fresh = messages.filter(({ pos }) => pos > at);
    this.seen.push(...fresh);
    this.positions.set(`${log} ${shard}`, Math.max(at, messages.at(-1)?.pos ?? at));
  }

  idsOf(shard: number): string[] {
    return this.seen.filter((event) => event.shard === shard).map(({ id }) => id);
  }

  positionsOf(shard: number): number[] {
    return this.seen.filter((event) => event.shard === shard).map(({ pos }) => pos);
  }
}

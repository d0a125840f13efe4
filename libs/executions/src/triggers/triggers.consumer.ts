/**
 * Reads records of `atelier.triggers` from a bus; the topic's access list has decided who may write there. A repeat: dropped by its position, or a
 * `duplicate` by its idempotency key. Unreadable: a dead letter with its reason, and `rejected` as its result. Throttled, or the store away: the shard
 * waits. Results and position are stored by one statement; a crash before it takes the batch again, so each record has at least one result.
 */
import { type Batch, type Bus, type ConsumerGroup, BusServer, Consumes } from '@atelier/bus';
import { type PublicEvent, Fault, Rejection, triggerRecord } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { type KeyedResult, TRIGGERS_CONSUMER, TriggerResults } from '../publish/trigger-results';
import { SourcePositions } from '../store/source-positions';
import { type TakenRecord, type TriggerDoors, takeTriggerRecords } from './trigger-records';

const GROUP = TRIGGERS_CONSUMER;

/** Takes trigger records and answers them on the results topic. */
export class Triggers {
  private readonly positions: SourcePositions;

  constructor(
    db: Database,
    private readonly results: TriggerResults,
    private readonly doors: TriggerDoors,
  ) {
    this.positions = new SourcePositions(db, GROUP);
  }

  readonly group: ConsumerGroup = {
    group: GROUP,
    position: (log, shard) => this.positions.of(log, shard),
    deadLetter: (letter) => this.positions.park(letter),
  };

  async handle(batch: Batch): Promise<void> {
    const events = await this.positions.fresh(batch);
    const [first, last] = [events[0], events.at(-1)];
    if (!first || !last) return;
    const taken = await this.taken(events);
    const results = taken.map((each, i) => keyedResult(events[i] ?? first, each)); // one each, in order
    await this.results.append(results, { log: batch.log, shard: batch.shard, first: first.pos, last: last.pos });
  }

  private async taken(events: readonly PublicEvent[]): Promise<readonly TakenRecord[]> {
    try {
      return await takeTriggerRecords(this.doors, events);
    } catch (error) {
      if (error instanceof Rejection) throw new Fault(`the records of ${events[0]?.log} wait: ${error.message}`, { cause: error });
      throw error;
    }
  }
}

const keyedResult = (event: PublicEvent, { result, deadLetter }: TakenRecord): KeyedResult => ({
  key: keyOf(event),
  result,
  ...(deadLetter !== undefined && { letter: { pos: event.pos, reason: deadLetter, record: JSON.stringify(event) } }),
});

const keyOf = (event: PublicEvent): string => {
  const { data } = triggerRecord.safeParse(event);
  return data ? `${data.data.account_sid}|${data.data.flow_sid}|${data.data.to}` : (event.subject ?? '');
};

/** The handler of a Nest application; `triggersServer` is its transport. */
@Controller()
export class TriggersConsumer {
  constructor(@Inject(Triggers) private readonly triggers: Triggers) {}

  @Consumes('atelier.triggers', GROUP)
  take(@Payload() batch: Batch): Promise<void> {
    return this.triggers.handle(batch);
  }
}

/** For `app.connectMicroservice({ strategy })`, before `app.startAllMicroservices()`. */
export const triggersServer = (bus: Bus, triggers: Triggers): BusServer => new BusServer(bus, triggers.group);

/** The same without Nest; answers how to stop. */
export const consumeTriggers = (bus: Bus, triggers: Triggers): Promise<() => Promise<void>> =>
  bus.subscribe({ ...triggers.group, topic: 'atelier.triggers', handle: (batch) => triggers.handle(batch) });

/**
 * Reads records of `atelier.triggers` from a bus; the topic's access list has decided who may write there. A repeat: dropped by its position, or a
 * `duplicate` by its idempotency key. Unreadable: a dead letter with its reason, and `rejected` as its result. Too much of its account waits: it waits
 * in the deferred table, and the records of other accounts go on. The store away: the shard waits. Results, what waits and the position are stored by one statement; a crash before it takes the batch again, so each record has at least one result.
 */
import { type Batch, type Bus, type ConsumerGroup, BusServer, Consumes } from '@atelier/bus';
import { type AccountSid, type PublicEvent, accountOfEvent } from '@atelier/contracts';
import { type Database, type Log, silentLog } from '@atelier/platform';
import { Controller, Inject, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { TRIGGERS_CONSUMER, type TriggerResults } from '../publish/trigger-results';
import { SourcePositions } from '../store/source-positions';
import { SEEN_HOURS } from '../worker/janitor';
import { DeferredTriggers } from './deferred-triggers';
import { keyedResult } from './keyed-result';
import { type TriggerDoors, accountOfRecord, takeOrThrottle } from './trigger-records';

const GROUP = TRIGGERS_CONSUMER;

/** Takes trigger records and answers them on the results topic. */
export class Triggers {
  private readonly positions: SourcePositions;
  private readonly deferred: DeferredTriggers;

  constructor(
    db: Database,
    private readonly results: TriggerResults,
    private readonly doors: TriggerDoors,
    log: Log = silentLog,
  ) {
    this.positions = new SourcePositions(db, GROUP);
    this.deferred = new DeferredTriggers({ db, results, doors, log });
  }

  readonly group: ConsumerGroup = {
    group: GROUP,
    position: (log, shard) => this.positions.of(log, shard),
    deadLetter: (letter) => this.positions.park(letter),
    readTimes: {
      rememberedMs: (SEEN_HOURS - 1) * 3_600_000, // an hour less: the broker, the database and this process have clocks of their own
      of: (log, shard) => this.positions.timeOf(log, shard),
      passed: (log, shard, atMs) => this.positions.readUntil(log, shard, atMs),
    },
  };

  /** Enters what was deferred, from now on. */
  start(): void {
    this.deferred.start();
  }

  async stop(): Promise<void> {
    await this.deferred.stop();
  }

  async handle(batch: Batch): Promise<void> {
    const events = await this.positions.fresh(batch);
    const [first, last] = [events[0], events.at(-1)];
    if (!first || !last) return;
    const admitted = await this.admitted(events);
    const now = events.filter((_, i) => admitted.now[i]);
    try {
      const taken = await takeOrThrottle(this.doors, now);
      const later = new Set(events.filter((event, i) => !admitted.now[i] || taken[now.indexOf(event)] === 'throttled'));
      const results = taken.flatMap((each, i) => (each === 'throttled' ? [] : [keyedResult(now[i] ?? first, each)])); // one each, in order
      await this.results.append(results, { log: batch.log, shard: batch.shard, first: first.pos, last: last.pos }, [...later].map((event) => deferredOf(event)));
      if (later.size > 0) this.deferred.wake();
    } finally {
      for (const [account, count] of admitted.room) this.doors.ingress.room.giveBack(account, count);
    }
  }

  /** Which records are taken now: those of an account in their order, as far as it has room and nothing of it waits already. */
  private async admitted(events: readonly PublicEvent[]): Promise<{ readonly now: readonly boolean[]; readonly room: ReadonlyMap<AccountSid, number> }> {
    const accounts = events.map((event) => accountOfRecord(event));
    const wanted = new Map<AccountSid, number>();
    for (const account of accounts) if (account) wanted.set(account, (wanted.get(account) ?? 0) + 1);
    const waiting = await this.deferred.waitingAmong([...wanted.keys()]);
    const room = new Map([...wanted].map(([account, count]) => [account, waiting.has(account) ? 0 : this.doors.ingress.room.take(account, count)] as const));
    const left = new Map(room);
    const now = accounts.map((account) => {
      if (!account) return true; // unreadable: answered at once
      const rest = left.get(account) ?? 0;
      left.set(account, rest - 1);
      return rest > 0;
    });
    return { now, room };
  }
}

const deferredOf = (event: PublicEvent) => ({ account: accountOfRecord(event) ?? accountOfEvent(event) ?? '', body: JSON.stringify(event) });

/** The handler of a Nest application; `triggersServer` is its transport. */
@Controller()
export class TriggersConsumer implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(Triggers) private readonly triggers: Triggers) {}

  onApplicationBootstrap(): void {
    this.triggers.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.triggers.stop();
  }

  @Consumes('atelier.triggers', GROUP)
  take(@Payload() batch: Batch): Promise<void> {
    return this.triggers.handle(batch);
  }
}

/** For `app.connectMicroservice({ strategy })`, before `app.startAllMicroservices()`. */
export const triggersServer = (bus: Bus, triggers: Triggers): BusServer => new BusServer(bus, triggers.group);

/** The same without Nest; answers how to stop. */
export const consumeTriggers = async (bus: Bus, triggers: Triggers): Promise<() => Promise<void>> => {
  const stop = await bus.subscribe({ ...triggers.group, topic: 'atelier.triggers', handle: (batch) => triggers.handle(batch) });
  triggers.start();
  return async () => void (await Promise.all([stop(), triggers.stop()]));
};

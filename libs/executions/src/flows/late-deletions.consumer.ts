/**
 * Looks once more at each deleted flow when no door remembers it any more. A door asks for the flow before its input is in the inbox, and where services
 * run apart it keeps the answer for a moment: what it let in behind the first look would run for ever, for nobody can reach an execution of a flow that
 * is gone. A repeat: dropped by its position, and harmless before that. Unreadable: the first look has put it aside; this one passes it. The store away:
 * the shard waits.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, type Bus, type ConsumerGroup, BusServer, Consumes } from '@atelier/bus';
import { Fault, Rejection } from '@atelier/contracts';
import { type Clock, type Database, systemClock } from '@atelier/platform';
import { Controller, Inject, type OnModuleDestroy } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { SourcePositions } from '../store/source-positions';
import type { FlowDeletions } from './flow-deletions.consumer';

const GROUP = 'executions-late';
const FORGOTTEN_MS = 6_000; // answers live five seconds at the most; the rest is for a request under way

/** The second look, and how far it has come. */
export class LateDeletions {
  private readonly positions: SourcePositions;
  private readonly stopping = new AbortController();

  constructor(
    db: Database,
    private readonly deletions: Pick<FlowDeletions, 'endAll'>,
    private readonly clock: Pick<Clock, 'nowMs'> = systemClock,
  ) {
    this.positions = new SourcePositions(db, GROUP);
  }

  readonly group: ConsumerGroup = {
    group: GROUP,
    position: (log, shard) => this.positions.of(log, shard),
    deadLetter: ({ topic, event }) => this.positions.passed({ topic, log: event.log, shard: event.shard, messages: [event] }),
  };

  /** One wait for all deletions of a batch, never longer than that of one: whatever the clock of their owner says, the consumer goes on. */
  async handle(batch: Batch): Promise<void> {
    const deletions = (await this.positions.fresh(batch)).filter(({ type }) => type === 'flow.deleted');
    if (deletions.length > 0) await this.forgotten(Math.max(...deletions.map(({ time }) => Date.parse(time))));
    for (const event of deletions)
      await this.deletions.endAll(event).catch((error: unknown) => {
        if (!(error instanceof Rejection)) throw error; // the first look has told of it
      });
    await this.positions.passed(batch);
  }

  /** Ends the wait in hand: whoever reads next begins it again. */
  stop(): void {
    this.stopping.abort();
  }

  private async forgotten(deletedAtMs: number): Promise<void> {
    const waitMs = Math.min(FORGOTTEN_MS, deletedAtMs + FORGOTTEN_MS - this.clock.nowMs()); // whatever the other clock says
    if (!(waitMs > 0)) return;
    await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => {
      throw new Fault('the second look at a deleted flow is left to the next process');
    });
  }
}

/** The handler of a Nest application; `lateDeletionsServer` is its transport. */
@Controller()
export class LateDeletionsConsumer implements OnModuleDestroy {
  constructor(@Inject(LateDeletions) private readonly late: LateDeletions) {}

  @Consumes('atelier.flows.events', GROUP)
  flows(@Payload() batch: Batch): Promise<void> {
    return this.late.handle(batch);
  }

  onModuleDestroy(): void {
    this.late.stop();
  }
}

/** For `app.connectMicroservice({ strategy })`, before `app.startAllMicroservices()`. */
export const lateDeletionsServer = (bus: Bus, late: LateDeletions): BusServer => new BusServer(bus, late.group);

/** The same without Nest; answers how to stop. */
export const consumeLateDeletions = async (bus: Bus, late: LateDeletions): Promise<() => Promise<void>> => {
  const stop = await bus.subscribe({ ...late.group, topic: 'atelier.flows.events', handle: (batch) => late.handle(batch) });
  return () => {
    late.stop();
    return stop();
  };
};

/**
 * Reads the events topics of flows and credentials. A repeat: dropped by its position. From the past: the same. Not audited: its position moves on.
 * Audited and unreadable: a dead letter with its reason. The database away: the shard waits.
 */
import { type Batch, type Bus, type ConsumerGroup, BusServer, Consumes } from '@atelier/bus';
import type { TopicName } from '@atelier/contracts';
import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { AuditStore } from './audit-store';

const GROUP = 'audit';

/** The topics whose events are audited. */
export const AUDITED_TOPICS = ['atelier.flows.events', 'atelier.credentials.events'] as const satisfies readonly TopicName[];

/** The handlers of a Nest application; `auditServer` is their transport. */
@Controller()
export class AuditConsumer {
  constructor(@Inject(AuditStore) private readonly store: AuditStore) {}

  @Consumes('atelier.flows.events', GROUP)
  flows(@Payload() batch: Batch): Promise<void> {
    return this.store.append(batch);
  }

  @Consumes('atelier.credentials.events', GROUP)
  credentials(@Payload() batch: Batch): Promise<void> {
    return this.store.append(batch);
  }
}

/** For `app.connectMicroservice({ strategy })`, before `app.startAllMicroservices()`. */
export const auditServer = (bus: Bus, store: AuditStore): BusServer => new BusServer(bus, groupOf(store));

/** The same without Nest: subscribes the store to these topics; answers how to stop. */
export const consumeAudited = async (bus: Bus, store: AuditStore, topics: readonly TopicName[] = AUDITED_TOPICS): Promise<() => Promise<void>> => {
  const stops = await Promise.all(topics.map((topic) => bus.subscribe({ ...groupOf(store), topic, handle: (batch) => store.append(batch) })));
  return async () => void (await Promise.all(stops.map((stop) => stop())));
};

const groupOf = (store: AuditStore): ConsumerGroup => ({
  group: GROUP,
  position: (log, shard) => store.position(log, shard),
  deadLetter: (letter) => store.park(letter),
});

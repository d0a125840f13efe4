/** Reads the events topics. A repeat: dropped by its position. An event that is not audited: its position is stored. Unreadable: the shard waits. */
import type { Bus } from '@atelier/bus';
import type { TopicName } from '@atelier/contracts';
import type { AuditStore } from './audit-store';
import { recordOf } from './records';

const GROUP = 'audit';

/** Subscribes the store to these topics; answers how to stop. */
export const consumeAudited = async (bus: Bus, store: AuditStore, topics: readonly TopicName[]): Promise<() => Promise<void>> => {
  const stops = await Promise.all(
    topics.map((topic) =>
      bus.subscribe({
        topic,
        group: GROUP,
        position: (log, shard) => store.position(log, shard),
        handle: async ({ log, shard, messages }) => {
          const records = messages.flatMap((event) => {
            const record = recordOf(event);
            return record ? [{ ...record, pos: event.pos }] : [];
          });
          await store.append(log, shard, messages.at(-1)?.pos ?? 0, records);
        },
      }),
    ),
  );
  return async () => void (await Promise.all(stops.map((stop) => stop())));
};

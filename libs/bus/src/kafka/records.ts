import { type PublicEvent, publicEvent } from '@atelier/contracts';
import type { RawRecord } from './consumer-life';

export type OutgoingRecord = { readonly key: string; readonly value: string; readonly partition: number; readonly headers: Record<string, string> };

/** An event as a record: its key orders it for whoever repartitions the topic, its shard says its partition (A4). */
export const recordOf = (event: PublicEvent, key: string, partitions: number): OutgoingRecord => ({
  key: keyOf(event, key),
  value: JSON.stringify(event),
  partition: event.shard % partitions,
  headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
});

// A key of several parts is the subject of the event.
const keyOf = ({ data, subject, id }: PublicEvent, key: string): string => {
  const value = data[key];
  return typeof value === 'string' ? value : (subject ?? id);
};

/** The event of a record, or why it is none. */
export const eventOf = ({ value }: RawRecord): PublicEvent | { readonly unreadable: string } => {
  try {
    const parsed = publicEvent.safeParse(JSON.parse(String(value)));
    return parsed.data ?? { unreadable: `not a public event: ${parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}` };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
};

export const isUnreadable = (event: PublicEvent | { readonly unreadable: string }): event is { readonly unreadable: string } => 'unreadable' in event && !('pos' in event);

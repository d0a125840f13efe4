import type { Outgoing } from './kafka-sender';
import { deadLetterTopic } from './topic-plan';

/** What could not be handled, as it came, and why; `from` says where it was read where only Kafka knows. */
export type Undeliverable = {
  readonly topic: string;
  readonly group: string;
  readonly reason: string;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly from?: { readonly partition: number; readonly offset: string };
};

/** The record for the topic of dead letters: unchanged, its story in the headers, so that it can be sent to its topic again as it is. */
export const letterOf = ({ topic, group, reason, key, value, from }: Undeliverable): Outgoing => ({
  topic: deadLetterTopic(topic),
  key,
  value,
  headers: {
    'atelier-topic': topic,
    'atelier-group': group,
    'atelier-reason': reason,
    ...(from && { 'atelier-partition': String(from.partition), 'atelier-offset': from.offset }),
  },
});

/**
 * Reads the audit records of an installation from `atelier.audit.events`, each exactly once, from any offset that one likes.
 * npm run example -- audit-consumer positions.json        with KAFKA_BROKERS where it is not localhost:9092, FROM_OFFSET to begin elsewhere
 *
 * Kafka offsets are hints: a topic may be made anew or lose its tail, and the same records come again at other offsets. What counts is the position
 * (log, shard, pos) in each record, without gaps. It is stored together with what the record causes; here both are lines of one file.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Kafka, logLevel } from 'kafkajs';

type AuditEvent = { log: string; shard: number; pos: number; type: string; time: string; data: { sid: string; resource_sid: string } };

const { KAFKA_BROKERS = 'localhost:9092', TOPIC_PREFIX = '', FROM_OFFSET, STOP_AFTER = 'Infinity' } = process.env;
const [file = 'audit-records.jsonl'] = process.argv.slice(2);
const topic = `${TOPIC_PREFIX}atelier.audit.events`;

const positions = new Map<string, number>();
const stored = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
for (const line of stored) {
  const { log, shard, pos } = JSON.parse(line) as AuditEvent;
  positions.set(`${log}/${shard}`, pos);
}

/** Stores the record with its position; one that was stored already is passed over. After a gap nothing is stored, for something is missing. */
const take = (event: AuditEvent): boolean => {
  const place = `${event.log}/${event.shard}`;
  const last = positions.get(place);
  if (last !== undefined && event.pos <= last) return false;
  if (last !== undefined && event.pos > last + 1) throw new Error(`expected position ${last + 1} of ${place}, found ${event.pos}: read again from an earlier offset`);
  appendFileSync(file, `${JSON.stringify(event)}\n`);
  positions.set(place, event.pos);
  console.log(`${event.time} ${event.type} ${event.data.resource_sid}`);
  return true;
};

const main = async (): Promise<void> => {
  const kafka = new Kafka({ clientId: 'audit-example', brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `${TOPIC_PREFIX}audit-example` });
  let left = Number(STOP_AFTER);
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (left > 0 && take(JSON.parse(message.value?.toString() ?? '') as AuditEvent)) left -= 1;
      if (left === 0) setImmediate(() => void consumer.disconnect());
    },
  });
  if (FROM_OFFSET !== undefined) consumer.seek({ topic, partition: 0, offset: FROM_OFFSET });
};

void main();

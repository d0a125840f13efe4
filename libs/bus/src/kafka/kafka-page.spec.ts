import { type TopicName, TOPICS } from '@atelier/contracts';
import { kafkaConfig } from './kafka-config';
import { sampleOptions } from './sample-topics';
import { tableOf } from './sample-page';
import { REPUBLISH_TOPIC, TOPIC_PLAN, configOf } from './topic-plan';

const DAY_MS = 24 * 3_600_000;
const keptMs = (text: string): number => (text === 'for ever' ? -1 : Number(text.split(' ')[0]) * (text.endsWith('d') ? DAY_MS : DAY_MS / 24));
const keyOf = (topic: string): string => (topic in TOPICS ? TOPICS[topic as TopicName].key : 'none'); // it is one, then

describe('the page about Kafka', () => {
  it('has the topics as they are planned', () => {
    const rows = tableOf('Topics').map(([topic, key, partitions, kept = '', cleanup, times]) => [topic, key, Number(partitions), keptMs(kept), cleanup, times]);
    const options = { ...sampleOptions('b:1'), topicPrefix: '', partitionsMax: 64 };
    const planned = TOPIC_PLAN.filter(({ topic }) => topic in TOPICS || topic === REPUBLISH_TOPIC).map((plan) => {
      const { topic, numPartitions, configEntries = [] } = configOf(options, plan);
      const setting = (name: string) => configEntries.find((entry) => entry.name === name)?.value;
      return [topic, keyOf(topic), numPartitions, Number(setting('retention.ms')), setting('cleanup.policy'), setting('message.timestamp.type') === 'LogAppendTime' ? 'broker' : 'writer'];
    });
    expect(new Set(rows.map((row) => row.join(' ')))).toEqual(new Set(planned.map((row) => row.join(' '))));
  });

  it('has every setting with its default and its sentence', () => {
    const settings = Object.entries(kafkaConfig.shape).map(([name, schema]) => [name, String(schema.safeParse(undefined).data ?? ''), schema.description]);
    expect(tableOf('Settings').map(([name, fallback, text]) => [name, fallback, text?.replace('Left out: no Kafka, the bus of one process.', '').trim()])).toEqual(
      settings.map(([name, fallback, text]) => [name, fallback, text?.replace('Left out: no Kafka, the bus of one process.', '').trim()]),
    );
  });
});

import { isDeepStrictEqual } from 'node:util';
import { silentLog } from '@atelier/platform';
import { eventually, kafkaProblem, testKafka } from '@atelier/testing';
import type { Admin } from 'kafkajs';
import { createKafkaClient } from './kafka-client';
import type { KafkaOptions } from './kafka-config';
import { sampleOptions } from './sample-topics';
import { TOPIC_PLAN, createTopics } from './topic-plan';
import { type RepairedTopic, repairTopics, topicTable } from './topic-repair';

jest.setTimeout(60_000); // the first broker of a run has to start

(kafkaProblem() === undefined ? describe : describe.skip)('the topics command', () => {
  let options: KafkaOptions;
  let admin: Admin;
  const nameOf = (topic: string): string => options.topicPrefix + topic;
  const repaired = async (topic: string, over: Partial<KafkaOptions> = {}): Promise<RepairedTopic | undefined> =>
    (await repairTopics({ ...options, ...over }, silentLog)).find((each) => each.topic === nameOf(topic));
  const settingsOf = async (topic: string, ...names: string[]): Promise<Record<string, string>> => {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: nameOf(topic), configNames: names }] });
    return Object.fromEntries(resources.flatMap(({ configEntries }) => configEntries.map(({ configName, configValue }) => [configName, configValue])));
  };
  const set = async (topic: string, entries: Readonly<Record<string, string>>): Promise<void> => {
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: nameOf(topic), configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })) }] });
    await eventuallySet(topic, entries);
  };
  // The controller has them at once, the broker that is asked a moment later.
  const eventuallySet = (topic: string, entries: Readonly<Record<string, string>>) =>
    eventually('the settings', async () => isDeepStrictEqual(await settingsOf(topic, ...Object.keys(entries)), { ...entries }), 30_000);
  beforeEach(async () => {
    options = sampleOptions((await testKafka()) as string);
    admin = (await createKafkaClient(options, silentLog)).admin();
    await admin.connect();
  });
  afterEach(async () => {
    await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => name.startsWith(options.topicPrefix)) });
    await admin.disconnect();
  });

  it('makes every topic as it is planned, and a second run changes nothing', async () => {
    const first = await repairTopics(options, silentLog);
    expect(first).toHaveLength(TOPIC_PLAN.length);
    expect(first.every(({ made, changed, differs }) => made && changed.length === 0 && differs.length === 0)).toBe(true);
    expect(first.find(({ topic }) => topic === nameOf('atelier.executions.events'))).toMatchObject({ partitions: 16, copies: 1 });
    expect(await settingsOf('atelier.triggers', 'retention.ms', 'message.timestamp.type', 'cleanup.policy', 'min.insync.replicas')).toEqual({
      'retention.ms': String(7 * 24 * 3_600_000), 'message.timestamp.type': 'LogAppendTime', 'cleanup.policy': 'delete', 'min.insync.replicas': '1',
    });
    const second = await repairTopics(options, silentLog);
    expect(second).toEqual(first.map((each) => ({ ...each, made: false })));
    expect(topicTable(second).split('\n').slice(1).every((line) => line.endsWith('as it was'))).toBe(true);
  });

  it('gives a topic its settings back, and leaves what else was set on it', async () => {
    await repairTopics(options, silentLog);
    await set('atelier.audit.events', { 'retention.ms': '1000', 'segment.bytes': '2000000' });
    expect((await repaired('atelier.audit.events'))?.changed).toContainEqual({ name: 'retention.ms', from: '1000', to: '-1' });
    await eventuallySet('atelier.audit.events', { 'retention.ms': '-1', 'segment.bytes': '2000000', 'max.message.bytes': '8388608' });
    expect((await repaired('atelier.audit.events'))?.changed).toEqual([]);
  });

  it('says where partitions or copies differ, and changes neither', async () => {
    await createTopics(options, silentLog, [{ topic: 'atelier.triggers', shards: 3, retentionMs: 1_000, timestamps: 'CreateTime', why: 'made by somebody else' }]);
    const found = await repaired('atelier.triggers', { replicationFactor: 1 });
    expect(found).toMatchObject({ made: false, partitions: 3, differs: [expect.stringMatching(/^expected 16 partitions, found 3: they are never changed/)] });
    expect(found?.changed).toEqual([{ name: 'retention.ms', from: '1000', to: String(7 * 24 * 3_600_000) }, { name: 'message.timestamp.type', from: 'CreateTime', to: 'LogAppendTime' }]);
    const text = topicTable(found ? [found] : []);
    expect(text).toMatch(/atelier\.triggers +3 +1 +1 +7 d +broker +changed\n/);
    expect(text).toContain('expected 16 partitions, found 3');
    const wanted = await repaired('atelier.triggers', { replicationFactor: 3, minInsyncReplicas: 2 });
    expect(wanted?.differs.slice(1)).toEqual([expect.stringMatching(/^expected 3 copies, found 1/), expect.stringMatching(/^expected min\.insync\.replicas 2: not with 1 copies/)]);
    expect(await settingsOf('atelier.triggers', 'min.insync.replicas')).toEqual({ 'min.insync.replicas': '1' }); // or nothing could be written any more
  });
});

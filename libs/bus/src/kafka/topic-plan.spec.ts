import { TOPICS } from '@atelier/contracts';
import { sampleOptions } from './sample-topics';
import { REPUBLISH_TOPIC, TOPIC_LOGS, TOPIC_PLAN, configOf, deadLetterTopic, topicsWithLeaders } from './topic-plan';

const NAMES = Object.keys(TOPICS) as (keyof typeof TOPICS)[]; // the keys of a constant table
const planOf = (topic: string) => {
  const plan = TOPIC_PLAN.find((each) => each.topic === topic);
  if (!plan) throw new Error(`expected a plan of ${topic}`);
  return plan;
};
const settingsOf = (topic: string) => Object.fromEntries((configOf(sampleOptions('b:1'), planOf(topic)).configEntries ?? []).map(({ name, value }) => [name, value]));

describe('the plan of the topics', () => {
  it('has every public topic with its dead letters once, and the one for requests', () => {
    const topics = TOPIC_PLAN.map(({ topic }) => topic);
    expect(topics.sort()).toEqual([...NAMES, ...NAMES.map(deadLetterTopic), REPUBLISH_TOPIC].sort());
  });

  it('compacts nothing: positions have no gaps', () => {
    for (const { topic } of TOPIC_PLAN) expect(settingsOf(topic)['cleanup.policy']).toBe('delete');
  });

  it('keeps evidence and facts that new consumers read for ever', () => {
    for (const topic of ['atelier.audit.events', 'atelier.flows.events', 'atelier.credentials.events']) expect(settingsOf(topic)['retention.ms']).toBe('-1');
  });

  it('lets the broker say when it took what others write: what was read before is known by that', () => {
    for (const topic of NAMES.filter((name) => TOPICS[name].owner === 'other services')) expect(settingsOf(topic)['message.timestamp.type']).toBe('LogAppendTime');
  });

  it('knows the log of every topic that is ours', () => {
    for (const topic of NAMES) expect(TOPIC_LOGS[topic] === '').toBe(TOPICS[topic].owner === 'other services');
  });

  it('takes partitions, copies and names from the settings', () => {
    const options = { ...sampleOptions('b:1'), topicPrefix: 'mine.', partitionsMax: 4, replicationFactor: 3, minInsyncReplicas: 2 };
    expect(configOf(options, planOf('atelier.executions.events'))).toMatchObject({ topic: 'mine.atelier.executions.events', numPartitions: 4, replicationFactor: 3 });
    expect(configOf(options, planOf('atelier.audit.events'))).toMatchObject({ numPartitions: 1, configEntries: expect.arrayContaining([{ name: 'min.insync.replicas', value: '2' }]) });
  });

  it('waits for brokers that do not know a new topic yet, and for its leaders', async () => {
    const unknown = Object.assign(new Error('not here'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    const partition = { partitionErrorCode: 0, partitionId: 0, replicas: [1], isr: [1] };
    const answers = [unknown, [{ name: 't', partitions: [] }], [{ name: 't', partitions: [{ ...partition, leader: -1 }] }], [{ name: 't', partitions: [{ ...partition, leader: 1 }] }]];
    const fetchTopicMetadata = async () => {
      const answer = answers.shift() ?? [];
      if (answer instanceof Error) throw answer;
      return { topics: answer };
    };
    expect(await topicsWithLeaders({ fetchTopicMetadata }, ['t'])).toMatchObject([{ partitions: [{ leader: 1 }] }]);
    await expect(topicsWithLeaders({ fetchTopicMetadata: () => Promise.reject(new Error('no rights')) }, ['t'])).rejects.toThrow('no rights');
  });
});

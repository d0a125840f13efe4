import { randomBytes } from 'node:crypto';
import { silentLog } from '@atelier/platform';
import { kafkaProblem, testKafka } from '@atelier/testing';
import { topicsCommand, topicsOptions } from './topics-command';

describe('npm run topics', () => {
  (kafkaProblem() === undefined ? it : it.skip)('says what it made, and of a second run that all was as it is', async () => {
    const prefix = `t${randomBytes(5).toString('hex')}.`;
    const env = { ATELIER_KAFKA_BROKERS: await testKafka(), ATELIER_KAFKA_TOPIC_PREFIX: prefix, ATELIER_KAFKA_PARTITIONS_MAX: '2' };
    const lines = (await topicsCommand(env, silentLog)).split('\n');
    expect(lines[0]).toMatch(/^topic +partitions +copies +in sync +kept +times by$/);
    expect(lines.find((line) => line.startsWith(`${prefix}atelier.executions.events `))).toMatch(/ 2 +1 +1 +7 d +writer +made$/);
    expect(lines.find((line) => line.startsWith(`${prefix}atelier.audit.events `))).toMatch(/ 1 +1 +1 +for ever +writer +made$/);
    const again = (await topicsCommand(env, silentLog)).split('\n').slice(1);
    expect(again).toHaveLength(lines.length - 1);
    expect(again.every((line) => line.endsWith('as it was'))).toBe(true);
  }, 120_000);

  it('says in one line where no broker answers', async () => {
    await expect(topicsCommand({ ATELIER_KAFKA_BROKERS: '127.0.0.1:9' }, silentLog)).rejects.toMatchObject({ name: 'Fault', message: expect.stringMatching(/^expected Kafka at 127\.0\.0\.1:9: .*ECONNREFUSED/) });
  }, 60_000);

  it('takes the environment of the services, and refuses a name that nobody knows', () => {
    const env = { ATELIER_KAFKA_BROKERS: 'a:9092,b:9092', ATELIER_DATABASE_URL_FILE: '/run/secrets/url', ATELIER_CLUSTER_WORKERS: '3', ATELIER_KAFKA_REPLICATION_FACTOR: '3', ATELIER_KAFKA_MIN_INSYNC_REPLICAS: '2' };
    expect(topicsOptions(env)).toMatchObject({ brokers: ['a:9092', 'b:9092'], replicationFactor: 3, minInsyncReplicas: 2 });
    expect(() => topicsOptions({ ...env, ATELIER_KAFKA_REPLICAS: '3' })).toThrow('ATELIER_KAFKA_REPLICAS: no such setting');
    expect(() => topicsOptions({})).toThrow('ATELIER_KAFKA_BROKERS: expected where Kafka is found');
  });
});

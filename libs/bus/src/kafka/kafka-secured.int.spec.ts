import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TopicName } from '@atelier/contracts';
import { type NativeKafka, nativeKafkaProblem, silentLog, startNativeKafka } from '@atelier/platform';
import { eventually, newDataDir } from '@atelier/testing';
import { follow } from '../follow';
import { MemoryTopic } from '../memory-topic';
import { Ledger } from '../sample-ledger';
import { type KafkaBus, createKafkaBus } from './kafka-bus';
import { createKafkaClient } from './kafka-client';
import { type KafkaOptions, kafkaConfig, kafkaOptionsOf } from './kafka-config';
import { publishToKafka } from './kafka-publisher';
import { KafkaSender } from './kafka-sender';
import { MemoryPositions } from './published-positions';
import { tableOf } from './sample-page';
import { sampleEvents } from './sample-topics';
import { repairTopics } from './topic-repair';
import { TOPIC_LOGS } from './topic-plan';

jest.setTimeout(90_000); // a broker of its own, and a group for each of many

const PATIENCE_MS = 60_000;
const PREFIX = 'guarded.';
const STORE_PASSWORD = 'of-the-tests';
const cacheDir = process.env['ATELIER_CACHE_DIR'];
const problem = nativeKafkaProblem(cacheDir);
if (problem !== undefined) console.log(`skipped: ${problem}`);

/** The table of docs/kafka.md, one right a row. */
const RIGHTS = tableOf('Access').flatMap(([principals = '', operations = '', resource = '']) => {
  const [kind = '', name = ''] = resource.split(' ');
  return principals.split(', ').flatMap((principal) => operations.split(', ').map((operation) => ({ principal, operation, kind, name: name.replace(/\*$/, ''), isPrefix: name.endsWith('*') })));
});
const PRINCIPALS = [...new Set(RIGHTS.map(({ principal }) => principal))];

(problem === undefined ? describe : describe.skip)('on a broker with TLS, SASL and an authorizer, with the rights of the page alone', () => {
  const dataDir = newDataDir('secured');
  const parts: { close(): Promise<void> }[] = [];
  let broker: NativeKafka;
  const optionsOf = (user: string, over: Readonly<Record<string, string>> = {}): KafkaOptions => {
    const tls = { ATELIER_KAFKA_TLS: 'on', ATELIER_KAFKA_TLS_CA_FILE: join(dataDir, 'ca.pem') };
    const sasl = { ATELIER_KAFKA_SASL_MECHANISM: 'plain', ATELIER_KAFKA_SASL_USERNAME: user, ATELIER_KAFKA_SASL_PASSWORD: `secret-of-${user}` };
    const options = kafkaOptionsOf(kafkaConfig.parse({ ATELIER_KAFKA_BROKERS: broker.brokers, ATELIER_KAFKA_TOPIC_PREFIX: PREFIX, ATELIER_KAFKA_PARTITIONS_MAX: '2', ...tls, ...sasl, ...over }));
    if (!options) throw new Error('expected options');
    return options;
  };
  const busOf = (user: string): KafkaBus => {
    const bus = createKafkaBus(optionsOf(user), silentLog, { retryMs: 10 });
    parts.push(bus);
    return bus;
  };
  const published = (user: string, topic: TopicName): MemoryTopic => {
    const source = new MemoryTopic(topic, TOPIC_LOGS[topic]);
    source.append(0, sampleEvents(1));
    parts.push(publishToKafka({ options: optionsOf(user), source, positions: new MemoryPositions(), log: silentLog }));
    return source;
  };
  const send = async (user: string, topic: string): Promise<void> => {
    const sender = new KafkaSender(optionsOf(user), silentLog);
    await sender.send({ topic, value: '{}' }).finally(() => sender.close());
  };

  beforeAll(async () => {
    mkdirSync(dataDir, { recursive: true });
    makeCertificate(dataDir);
    broker = await startNativeKafka({ dataDir, cacheDir, properties: guardedBy(dataDir, ['admin', ...PRINCIPALS]) });
    const admin = (await createKafkaClient(optionsOf('admin'), silentLog)).admin();
    await admin.connect();
    await admin.createAcls({ acl: RIGHTS.map(aclOf) });
    await admin.disconnect();
    await repairTopics(optionsOf('topics'), silentLog);
  }, 180_000);
  afterAll(async () => {
    await Promise.all(parts.map((part) => part.close()));
    await broker?.stop('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('every service publishes its log, and every consumer gets what it reads', async () => {
    const logs = { flows: published('flow-service', 'atelier.flows.events'), credentials: published('credentials-service', 'atelier.credentials.events') };
    for (const topic of ['atelier.executions.events', 'atelier.triggers.results'] as const) published('execution-worker', topic);
    published('audit-service', 'atelier.audit.events');
    const [api, worker, audit, flows, carrier] = ['execution-api', 'execution-worker', 'audit-service', 'flow-service', 'carrier'].map(busOf) as [KafkaBus, KafkaBus, KafkaBus, KafkaBus, KafkaBus]; // five names
    const ledgers: Ledger[] = [];
    const consume = async (bus: KafkaBus, group: string, topic: TopicName): Promise<void> => {
      const ledger = new Ledger();
      ledgers.push(ledger);
      await bus.subscribe(ledger.subscription({ topic, group }));
    };
    for (const group of ['executions', 'executions-late']) await consume(api, group, 'atelier.flows.events');
    for (const topic of ['atelier.flows.events', 'atelier.credentials.events'] as const) await consume(audit, 'audit', topic);
    const triggers: string[] = [];
    await api.subscribeForeign({ topic: 'atelier.triggers', group: 'triggers', handle: async (records) => void triggers.push(...records.map(({ value }) => value)), readTimes: { rememberedMs: 1, of: async () => 1, passed: async () => undefined } });
    const heard = new Map<string, number>();
    const follows = (name: string, bus: KafkaBus, topic: TopicName) => follow(bus, topic, [{ changed: () => void heard.set(`${name} ${topic}`, 1) }]);
    for (const [name, bus] of [['api', api], ['worker', worker]] as const) await follows(name, bus, 'atelier.flows.events');
    for (const [name, bus] of [['api', api], ['worker', worker], ['audit', audit], ['flows', flows], ['carrier', carrier]] as const) await follows(name, bus, 'atelier.credentials.events');
    await eventually('all are members', () => [api, worker, audit, flows, carrier].every((bus) => bus.isUp()), PATIENCE_MS);
    await send('admin', 'atelier.triggers');
    await eventually('everybody has what he reads', () => {
      for (const log of Object.values(logs)) log.append(0, sampleEvents(1)); // caches hear what comes from now on
      return ledgers.every(({ seen }) => seen.length > 0) && heard.size === 7 && triggers.length > 0;
    }, PATIENCE_MS);
  });

  it('every right to write is one that works', async () => {
    const topics = RIGHTS.filter(({ operation, isPrefix }) => operation === 'Write' && !isPrefix);
    expect(topics.length).toBeGreaterThan(15);
    await Promise.all(topics.map(({ principal, name }) => send(principal, name)));
  });

  it('nobody writes what is not his, and nobody comes in without a password that is right, or without TLS', async () => {
    await expect(send('flow-service', 'atelier.audit.events')).rejects.toThrow(/not authorized/i);
    await expect(send('execution-worker', 'atelier.triggers')).rejects.toThrow(/not authorized/i);
    await expect(repairTopics(optionsOf('flow-service', { ATELIER_KAFKA_SASL_PASSWORD: 'wrong' }), silentLog)).rejects.toThrow(/authentication/i);
    await expect(repairTopics({ ...optionsOf('topics'), tls: {} }, silentLog)).rejects.toThrow(/certificate/i);
  });
});

/** A certificate that vouches for itself: Java has the tool, and the broker has Java. */
const makeCertificate = (dataDir: string): void => {
  const keytool = (...args: string[]): Buffer => execFileSync('keytool', [...args, '-keystore', join(dataDir, 'broker.p12'), '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD, '-alias', 'broker'], { stdio: 'pipe' });
  keytool('-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-dname', 'CN=127.0.0.1', '-ext', 'SAN=IP:127.0.0.1', '-validity', '2');
  keytool('-exportcert', '-rfc', '-file', join(dataDir, 'ca.pem'));
};

const guardedBy = (dataDir: string, users: readonly string[]): readonly string[] => [
  'listener.security.protocol.map=PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name=PLAINTEXT',
  'sasl.enabled.mechanisms=PLAIN',
  'sasl.mechanism.inter.broker.protocol=PLAIN',
  `listener.name.plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="secret-of-admin" ${users.map((user) => `user_${user}="secret-of-${user}"`).join(' ')};`,
  'ssl.keystore.type=PKCS12',
  `ssl.keystore.location=${join(dataDir, 'broker.p12')}`,
  `ssl.keystore.password=${STORE_PASSWORD}`,
  `ssl.key.password=${STORE_PASSWORD}`,
  'ssl.truststore.type=PEM',
  `ssl.truststore.location=${join(dataDir, 'ca.pem')}`,
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:admin;User:ANONYMOUS', // the controller's own listener has no password: it is on loopback, and of this test
];

const OPERATIONS: Readonly<Record<string, number>> = { Read: 3, Write: 4, Create: 5, Describe: 8, DescribeConfigs: 10, AlterConfigs: 11 }; // as the protocol numbers them
const KINDS: Readonly<Record<string, number>> = { topic: 2, group: 3 };

const aclOf = ({ principal, operation, kind, name, isPrefix }: (typeof RIGHTS)[number]) => ({
  principal: `User:${principal}`,
  host: '*',
  operation: OPERATIONS[operation] ?? NaN,
  permissionType: 3,
  resourceType: KINDS[kind] ?? NaN,
  resourceName: PREFIX + name,
  resourcePatternType: isPrefix ? 4 : 3,
});

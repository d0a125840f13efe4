import { freePort } from '@atelier/platform';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { GenericContainer, Wait, getContainerRuntimeClient } from 'testcontainers';

/** Those of docker-compose.yml: what is tested is what runs. */
export const POSTGRES_IMAGE = 'postgres:18.6-bookworm';
export const KAFKA_IMAGE = 'apache/kafka:4.4.0'; // the Kafka module of Testcontainers is made for another vendor's images
const KAFKA_PORT = 9092;

let started: Promise<string> | undefined;
let startedKafka: Promise<string> | undefined;

/** Whether a Docker engine answers; without one the probe fails within milliseconds. */
export const hasDocker = (): Promise<boolean> =>
  getContainerRuntimeClient().then(
    () => true,
    () => false,
  );

/** A PostgreSQL container for this test process, or undefined without a Docker engine. Testcontainers removes it when the process ends. */
export const containerPostgres = async (): Promise<string | undefined> => {
  if (!(await hasDocker())) return undefined;
  started ??= new PostgreSqlContainer(POSTGRES_IMAGE).start().then((container) => container.getConnectionUri());
  return started;
};

/** The brokers of an Apache Kafka container for this test process, or undefined without a Docker engine. */
export const containerKafka = async (): Promise<string | undefined> => {
  if (!(await hasDocker())) return undefined;
  startedKafka ??= startKafka();
  return startedKafka;
};

const startKafka = async (): Promise<string> => {
  const { info } = await getContainerRuntimeClient();
  const port = await freePort(0); // clients are told this address, so it has to be known before the start
  if (port === undefined) throw new Error('no free port for the Kafka container');
  const brokers = `${info.containerRuntime.host}:${port}`;
  await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts({ container: KAFKA_PORT, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${KAFKA_PORT},CONTROLLER://0.0.0.0:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${brokers}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return brokers;
};

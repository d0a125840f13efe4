import { type RunningCluster, clusterKafka, kafkaProblem, newDataDir, removeCluster, startCluster, testCluster } from '@atelier/testing';

const SUITES = ['studio-rest', 'studio-triggers', 'studio-topics', 'keys', 'audit', 'credentials'];
/** What these suites ask of a product: a limit, and room below it for fifty at once. */
const SETTINGS = { ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '60', ATELIER_TRUSTED_PROXIES: '127.0.0.1', ATELIER_REGION: 'ie1', ATELIER_LOG_LEVEL: 'debug', ATELIER_OUTBOUND_PRIVATE_NETWORKS: 'allowed' };
const MINUTE_MS = 60_000;
const dataDir = newDataDir('cluster');

(kafkaProblem() === undefined ? describe : describe.skip)('the cluster of separate processes keeps what the single process promises:', () => {
  let cluster: RunningCluster | undefined;
  beforeAll(async () => {
    const settings = { ...SETTINGS, ...(await clusterKafka()) };
    cluster = await startCluster(dataDir, 2, settings);
    testCluster({ cluster, dataDir, settings });
  }, 4 * MINUTE_MS);
  afterAll(async () => {
    await cluster?.end('SIGKILL');
    await removeCluster(dataDir);
  }, 2 * MINUTE_MS);

  describe.each(SUITES)('%s', (suite) => void require(`./${suite}.e2e.spec`));
});

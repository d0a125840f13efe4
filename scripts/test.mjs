// npm test: installs and builds what is missing, starts a database and a broker for the tests where none is given, runs every test that can run here.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare();
const require = createRequire(import.meta.url);
const scratch = mkdtempSync(join(tmpdir(), 'atelier-test-'));
const extra = process.argv.slice(2);

const ownDatabase = async () => {
  if (process.env.ATELIER_TEST_DATABASE_URL) return undefined;
  const { hasDocker } = require(join(root, 'libs', 'testing', 'dist', 'index.js'));
  if (await hasDocker()) return undefined; // Testcontainers starts one
  const { startEmbeddedPostgres, dataDirFor } = require(join(root, 'libs', 'platform', 'dist', 'index.js'));
  return startEmbeddedPostgres({ dataDir: dataDirFor(join(scratch, 'data')).dir, fsync: false, maxConnections: 300 });
};

const ownBroker = async () => {
  if (process.env.ATELIER_TEST_KAFKA_BROKERS) return undefined;
  const { hasDocker } = require(join(root, 'libs', 'testing', 'dist', 'index.js'));
  if (await hasDocker()) return undefined;
  const { nativeKafkaProblem, startNativeKafka } = require(join(root, 'libs', 'platform', 'dist', 'index.js'));
  const cacheDir = process.env.ATELIER_CACHE_DIR;
  const problem = nativeKafkaProblem(cacheDir);
  if (problem) return void console.log(`no Kafka for the tests: ${problem}`);
  return startNativeKafka({ dataDir: join(scratch, 'kafka'), cacheDir });
};

const jest = (name, args, env) => {
  const outputFile = join(scratch, `${name}.json`);
  spawnSync(process.execPath, [require.resolve('jest/bin/jest'), '--json', `--outputFile=${outputFile}`, '--silent=false', ...args, ...extra], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(outputFile, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : numRuntimeErrorTestSuites), skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }; // jest itself died; its last words stand above
  }
};

const database = await ownDatabase();
const broker = await ownBroker();
const env = {
  ...process.env,
  ...(database ? { ATELIER_TEST_DATABASE_URL: database.url } : {}),
  ...(broker ? { ATELIER_TEST_KAFKA_BROKERS: broker.brokers } : {}),
};
delete env.TWILIO_REGION; // they rewrite the host names of the official client
delete env.TWILIO_EDGE;
let results;
try {
  results = [
    jest('unit', ['--testPathIgnorePatterns', '\\.int\\.spec\\.ts$', '\\.e2e\\.spec\\.ts$', '/node_modules/', '/dist/'], env),
    jest('integration', ['--testPathPatterns', '\\.int\\.spec\\.ts$'], env),
    jest('end-to-end', ['--runInBand', '--testPathPatterns', '\\.e2e\\.spec\\.ts$'], env),
  ];
} finally {
  await broker?.stop('SIGKILL'); // nobody reads its files again
  await database?.stop();
  rmSync(scratch, { recursive: true, force: true });
}

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
const skipsFail = skipped > 0 && process.env.CI === 'true';
if (skipped > 0) console.log(`${skipped} skipped${skipsFail ? ': in CI a skip is a failure' : ''}`);
console.log(`${passed} passed, ${failed + (skipsFail ? skipped : 0)} failed`);
process.exit(failed > 0 || skipsFail || passed === 0 ? 1 : 0);

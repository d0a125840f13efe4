import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { nativeKafkaProblem, startNativeKafka } from '@atelier/platform';
import { containerKafka } from './containers';
import { locked } from './file-lock';

/**
 * The brokers of a real Apache Kafka: those of ATELIER_TEST_KAFKA_BROKERS, else Testcontainers where a Docker engine answers, else a native one,
 * started once for all spec files and left running for the next run; undefined where there is none. Topics and groups are of each spec's own prefix.
 */
export const testKafka = async (): Promise<string | undefined> => process.env['ATELIER_TEST_KAFKA_BROKERS'] ?? (await containerKafka()) ?? native();

/** Why specs that need a broker are skipped here, printed in one line; undefined where they can run. Known before the first test is declared. */
export const kafkaProblem = (): string | undefined => {
  const problem = nativeKafkaProblem(cacheDir());
  if (process.env['ATELIER_TEST_KAFKA_BROKERS'] || problem === undefined || dockerAnswers()) return undefined;
  console.log(`skipped: ${problem}`);
  return problem;
};

const native = async (): Promise<string | undefined> => {
  if (nativeKafkaProblem(cacheDir()) !== undefined) return undefined;
  const dataDir = join(tmpdir(), `atelier-tests-kafka-${userInfo().uid}`);
  mkdirSync(dataDir, { recursive: true });
  return locked(join(dataDir, 'lock'), async () => (await startNativeKafka({ dataDir, cacheDir: cacheDir() })).brokers);
};

const cacheDir = (): string | undefined => process.env['ATELIER_CACHE_DIR'];

const dockerAnswers = (): boolean => spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0;

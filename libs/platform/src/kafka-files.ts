import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@atelier/contracts';
import { z } from 'zod';

const SCALA = '2.13';
const KAFKA = '4.4.0';
const JAVA_MIN = 17; // what Kafka 4 asks for

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>atelier</groupId><artifactId>native-kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_${SCALA}</artifactId><version>${KAFKA}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** Where what is fetched once for this machine is kept, outside the tree. */
export const cacheConfig = z.object({ ATELIER_CACHE_DIR: z.string().min(1).optional().describe('Keeps the files of Apache Kafka for later starts. Left out: ~/.cache/atelier.') });

const jarsIn = (cacheDir = join(homedir(), '.cache', 'atelier')): string => join(cacheDir, `kafka-${SCALA}-${KAFKA}`);

/** Why no broker can be started on this machine, in one line; undefined where it can. */
export const nativeKafkaProblem = (cacheDir?: string): string | undefined => {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(java.stderr ?? '')?.[1] ?? 0);
  if (version < JAVA_MIN) return `Apache Kafka needs Java ${JAVA_MIN} or newer, found ${java.error ? 'none' : `version ${version}`}`;
  const jars = jarsIn(cacheDir);
  if (!existsSync(jars) && spawnSync('mvn', ['-v'], { stdio: 'ignore' }).error) return `Apache Kafka is not in ${jars}, and there is no Maven (mvn) to fetch it`;
  return undefined;
};

/** Fetches the jars from the Maven repository once; a fetch that was interrupted leaves nothing half done. */
export const fetchKafkaJars = async (cacheDir?: string): Promise<string> => {
  const place = jarsIn(cacheDir);
  if (existsSync(place)) return place;
  const above = join(place, '..');
  mkdirSync(above, { recursive: true });
  const scratch = mkdtempSync(join(above, 'kafka-fetch-'));
  try {
    writeFileSync(join(scratch, 'pom.xml'), POM);
    const lib = join(scratch, 'lib');
    await maven(scratch, ['-q', '-B', '-f', join(scratch, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`, '-DincludeScope=runtime']);
    if (!existsSync(place)) renameSync(lib, place); // another start may have been faster
    return place;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

const maven = (cwd: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn('mvn', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (error) => reject(new Fault(`cannot run mvn: ${error.message}`)));
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Fault(`Maven could not fetch Apache Kafka ${KAFKA}:\n${output.slice(-2_000)}`))));
  });

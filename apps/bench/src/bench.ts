/**
 * npm run bench [-- --kafka[=1,2,3]] [--seconds=8] [--only=TEXT] [--profile=FOLDER]: the product as a process, driven through its public doors; figures beside
 * the raw append rate of the same PostgreSQL. With --kafka also the services apart, with so many workers, and the CPU of each process. Limits per account are
 * turned off, everything else is as `npm start` and `npm run cluster` run it (fsync on). Bounded in time; ends what it started.
 */
import { cpus } from 'node:os';
import { newDataDir } from '@atelier/testing';
import { appendRate } from './append-rate';
import { type Row, measure } from './scenarios';
import { type Subject, clusterSubject, singleSubject } from './subject';

const option = (name: string): string | undefined => process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const CHOICE = { seconds: Number(option('seconds') ?? 8), only: option('only') ?? '' };
const PROFILE = option('profile'); // a folder for CPU profiles, one a thread
const WORKERS = (option('kafka') ?? (process.argv.includes('--kafka') ? '1,2,3' : '')).split(',').filter((each) => each !== '').map(Number);

const reportRates = (rates: Readonly<Record<number, number>>): void => {
  console.log(`\nMachine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`);
  for (const [batch, rate] of Object.entries(rates)) console.log(`Raw append of 1 KB rows, ${batch.padStart(4)} a commit: ${rate.toFixed(0).padStart(7)} rows/s`);
};

const report = (name: string, rows: readonly Row[], reference: number): void => {
  console.log(`\n${name}\n${'scenario'.padEnd(46)} ${'runs/s'.padStart(8)} ${'of append'.padStart(9)} ${'CPU-s/1000'.padStart(10)} ${'p50 ms'.padStart(8)} ${'p99 ms'.padStart(8)}   (latency of a request at half load)`);
  for (const { name: scenario, runsPerSecond, cpuPer1000, half } of rows) {
    const cpu = Object.values(cpuPer1000).reduce((sum, each) => sum + each, 0);
    const latencies = half ? `${half.p50Ms.toFixed(1).padStart(8)} ${half.p99Ms.toFixed(1).padStart(8)}` : '';
    console.log(`${scenario.padEnd(46)} ${runsPerSecond.toFixed(0).padStart(8)} ${`${((runsPerSecond / reference) * 100).toFixed(1)} %`.padStart(9)} ${cpu.toFixed(2).padStart(10)} ${latencies}`);
    console.log(`${''.padEnd(4)}${Object.entries(cpuPer1000).filter(([, used]) => used >= 0.005).sort(([, a], [, b]) => b - a).map(([process, used]) => `${process} ${used.toFixed(2)}`).join(', ')}`);
  }
};

const over = async (starting: Promise<Subject>, work: (subject: Subject) => Promise<void>): Promise<void> => {
  const subject = await starting;
  try {
    await work(subject);
  } finally {
    await subject.end();
  }
};

const main = async (): Promise<void> => {
  let reference = 1;
  await over(singleSubject(newDataDir('bench'), PROFILE), async (subject) => {
    const rates = { 1: await appendRate(subject.databaseUrl, 1), 100: await appendRate(subject.databaseUrl, 100), 1_000: await appendRate(subject.databaseUrl, 1_000) };
    reference = rates[100];
    const rows = await measure(subject, CHOICE);
    reportRates(rates);
    report(subject.name, rows, reference);
  });
  for (const workers of WORKERS) await over(clusterSubject(newDataDir('bench'), workers), async (subject) => report(subject.name, await measure(subject, CHOICE), reference));
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

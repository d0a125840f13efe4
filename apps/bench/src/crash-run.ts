/**
 * The product is killed at random moments under load, and nothing that it acknowledged may be lost, doubled or changed.
 *
 * C1. Each round: load through every door, kill -9 at a random moment, every fifth round the database too, start again.
 * C2. What was not acknowledged is sent again with the same identifiers, as Twilio and other services do.
 * C3. The undisturbed runs at the beginning say what every context must look like.
 * C4. fsync is on; everything is on loopback; rounds and times are bounded; only processes started here are killed.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningAtelier, eventually, removeAtelier, startAtelier, stopDatabaseOf } from '@atelier/testing';
import { clientOf, publishFlow } from './client';
import { type Fault, allEnded, executionsOf, faultsOf, summaryOf } from './crash-check';
import { lookUpFlow } from './crash-flows';
import { KINDS, type Kind, type Run, type Target, newRun, trigger } from './crash-load';
import { askAndWaitFlow, tenStepFlow } from './flows';
import { seeded } from './random';

export type CrashOptions = { readonly rounds: number; readonly seed: number; readonly say: (line: string) => void };
export type CrashResult = { readonly runs: number; readonly kills: number; readonly databaseKills: number; readonly faults: readonly Fault[] };

const SETTINGS = {
  ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0',
  ATELIER_INBOUND_EXECUTIONS_PER_SECOND_MAX: '0',
  ATELIER_OUTBOUND_PRIVATE_NETWORKS: 'allowed', // the look-up server is on loopback
};
const LANES = 12; // contacts at once
const KILL_AFTER_MS = { min: 200, spread: 1_300 };
const DATABASE_EVERY = 5; // rounds
const REST_DEADLINE_MS = 60_000;
const UNDISTURBED = 3; // runs of each kind

export const crashRun = async ({ rounds, seed, say }: CrashOptions): Promise<CrashResult> => {
  const random = seeded(seed);
  const dataDir = join(tmpdir(), `atelier-crash-${randomBytes(4).toString('hex')}`);
  const colors = await lookUpServer();
  let atelier = await startAtelier({ dataDir, settings: SETTINGS });
  const port = Number(new URL(atelier.url).port);
  let isClean = false;
  try {
    const flows = await publishAll(atelier, colors.url);
    const expected = new Map<Kind, string>();
    const runs: Run[] = [];
    await undisturbed(targetOf(atelier, flows), runs, expected);
    let databaseKills = 0;
    for (let round = 1; round <= rounds; round++) {
      const withDatabase = round % DATABASE_EVERY === 0;
      databaseKills += withDatabase ? 1 : 0;
      const started = await roundOfLoad(targetOf(atelier, flows), runs, random, withDatabase);
      writeFileSync(join(dataDir, `round-${round}.log`), atelier.output());
      atelier = await startAtelier({ dataDir, port, settings: SETTINGS });
      say(`round ${round}/${rounds}: ${started} runs, killed${withDatabase ? ' with its database' : ''}`);
    }
    const faults = await settled(targetOf(atelier, flows), runs, expected);
    isClean = faults.length === 0;
    return { runs: runs.length, kills: rounds, databaseKills, faults };
  } finally {
    await atelier.end('SIGKILL');
    writeFileSync(join(dataDir, 'last.log'), atelier.output());
    colors.server.close();
    if (!isClean) say(`what was stored is left in ${dataDir}`);
    await (isClean ? removeAtelier(dataDir) : stopDatabaseOf(dataDir));
  }
};

const targetOf = (atelier: RunningAtelier, flows: Readonly<Record<Kind, string>>): Target => ({ atelier, client: clientOf(atelier, LANES), flows });

const publishAll = async (atelier: RunningAtelier, url: string): Promise<Readonly<Record<Kind, string>>> => {
  const client = clientOf(atelier);
  return {
    'ten-step': await publishFlow(client, 'ten steps', tenStepFlow()),
    topic: await publishFlow(client, 'ten steps by topic', tenStepFlow()),
    'look-up': await publishFlow(client, 'look up', lookUpFlow(url)),
    ask: await publishFlow(client, 'ask', askAndWaitFlow()),
  };
};

const undisturbed = async (target: Target, runs: Run[], expected: Map<Kind, string>): Promise<void> => {
  const first = KINDS.flatMap((kind) => Array.from({ length: UNDISTURBED }, () => kind)).map((kind, n) => newRun(kind, n));
  for (const run of first) await trigger(target, run);
  runs.push(...first);
  await eventually('the undisturbed runs end', () => allEnded(target), REST_DEADLINE_MS);
  const faults = await faultsOf(target, first, expected);
  if (faults.length > 0) throw new Error(`the undisturbed runs already differ:\n${summaryOf(faults).join('\n')}`);
};

// Answers how many runs were begun. A run that was not acknowledged stays in the list and is repeated when everything is quiet.
const roundOfLoad = async (target: Target, runs: Run[], random: () => number, withDatabase: boolean): Promise<number> => {
  const before = runs.length;
  let killed = false;
  const lane = async (): Promise<void> => {
    while (!killed) {
      const run = newRun(KINDS[Math.floor(random() * KINDS.length)] as Kind, runs.length);
      runs.push(run);
      await trigger(target, run).catch((error: unknown) => {
        if (!killed) throw error; // refused while nothing was wrong
      });
    }
  };
  const database = target.atelier.postgresPid();
  const kill = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, KILL_AFTER_MS.min + random() * KILL_AFTER_MS.spread));
    killed = true;
    if (withDatabase) process.kill(database, 'SIGKILL');
    await target.atelier.end('SIGKILL');
  };
  await Promise.all([kill(), ...Array.from({ length: LANES }, lane)]);
  return runs.length - before;
};

const settled = async (target: Target, runs: readonly Run[], expected: Map<Kind, string>): Promise<Fault[]> => {
  for (const kind of KINDS) await repeated(target, kind, runs.filter((run) => run.kind === kind && !run.acknowledged));
  await eventually('every execution ends', () => allEnded(target), REST_DEADLINE_MS).catch(() => undefined); // the check below names those that did not
  return faultsOf(target, runs, expected);
};

/** A create over REST has no key that would make it recognisable, so a client that got no answer looks before it asks again. */
const repeated = async (target: Target, kind: Kind, lost: readonly Run[]): Promise<void> => {
  const known = kind === 'ten-step' || kind === 'look-up' ? await executionsOf(target.client, target.flows[kind]) : new Map<string, unknown>();
  for (const run of lost) if (!known.has(run.contact)) await trigger(target, run);
};

const lookUpServer = async (): Promise<{ server: Server; url: string }> => {
  const server = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end('{"color":"blue"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/color` };
};

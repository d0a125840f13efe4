/**
 * The product is killed at random moments under load, and nothing that it acknowledged may be lost, doubled or changed.
 *
 * C1. Each round: load through every door, kill -9 at a random moment, every fifth round the database too, start again.
 * C2. What was not acknowledged is sent again with the same identifiers, as Twilio and other services do.
 * C3. The undisturbed runs at the beginning say what every context must look like.
 * C4. fsync is on; everything is on loopback; rounds and times are bounded; only processes started here are killed.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningAtelier, newDataDir, removeAtelier, startAtelier, stopDatabaseOf } from '@atelier/testing';
import type { Fault } from './crash-check';
import { seeded } from './random';
import { SCENE_SETTINGS as settings, Scene } from './scene';

export type CrashOptions = { readonly rounds: number; readonly seed: number; readonly say: (line: string) => void };
export type CrashResult = { readonly runs: number; readonly kills: number; readonly databaseKills: number; readonly faults: readonly Fault[] };

const KILL_AFTER_MS = { min: 200, spread: 1_300 };
const DATABASE_EVERY = 5; // rounds

export const crashRun = async ({ rounds, seed, say }: CrashOptions): Promise<CrashResult> => {
  const random = seeded(seed);
  const dataDir = newDataDir('crash');
  let atelier = await startAtelier({ dataDir, settings });
  const port = Number(new URL(atelier.url).port);
  const scene = await Scene.open(atelier, random);
  let isClean = false;
  try {
    for (let round = 1; round <= rounds; round++) {
      const before = scene.runs.length;
      const withDatabase = round % DATABASE_EVERY === 0;
      await roundOfLoad(scene, atelier, KILL_AFTER_MS.min + random() * KILL_AFTER_MS.spread, withDatabase);
      writeFileSync(join(dataDir, `round-${round}.log`), atelier.output());
      atelier = await startAtelier({ dataDir, port, settings });
      say(`round ${round}/${rounds}: ${scene.runs.length - before} runs, killed${withDatabase ? ' with its database' : ''}`);
    }
    const faults = await scene.settled(scene.target(atelier));
    isClean = faults.length === 0;
    return { runs: scene.runs.length, kills: rounds, databaseKills: Math.floor(rounds / DATABASE_EVERY), faults };
  } finally {
    await atelier.end('SIGKILL');
    writeFileSync(join(dataDir, 'last.log'), atelier.output());
    scene.close();
    if (!isClean) say(`what was stored is left in ${dataDir}`);
    await (isClean ? removeAtelier(dataDir) : stopDatabaseOf(dataDir));
  }
};

/** A run that was not acknowledged stays in the scene's list and is repeated when everything is quiet. */
const roundOfLoad = async (scene: Scene, atelier: RunningAtelier, killAfterMs: number, withDatabase: boolean): Promise<void> => {
  let killed = false;
  const database = atelier.postgresPid();
  const kill = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, killAfterMs));
    killed = true;
    if (withDatabase) process.kill(database, 'SIGKILL');
    await atelier.end('SIGKILL');
  };
  await Promise.all([kill(), scene.load(scene.target(atelier), () => killed)]);
};

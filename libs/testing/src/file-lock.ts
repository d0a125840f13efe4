import { mkdirSync, rmdirSync, statSync } from 'node:fs';

const LOCK_STALE_MS = 60_000; // a start takes seconds; an older lock belongs to a process that died

/** Does the work while no other process does it: spec files of one run start a shared server once. */
export const locked = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  await taken(path);
  try {
    return await work();
  } finally {
    rmdirSync(path);
  }
};

const taken = async (path: string): Promise<void> => {
  for (;;) {
    try {
      return mkdirSync(path);
    } catch {
      const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > LOCK_STALE_MS) rmdirSync(path);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};

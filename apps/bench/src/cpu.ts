import { readFileSync, readdirSync } from 'node:fs';

const TICKS_PER_SECOND = 100; // USER_HZ, fixed on Linux

// Fields of /proc/<pid>/stat after the name, from 0: 1 parent, 11-14 utime, stime, cutime, cstime in ticks.
const statOf = (pid: number): { parent: number; ownSeconds: number; reapedSeconds: number } | undefined => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.split(' ').map(Number) ?? [];
    const ticks = (from: number): number => ((fields[from] ?? 0) + (fields[from + 1] ?? 0)) / TICKS_PER_SECOND;
    return { parent: fields[1] ?? 0, ownSeconds: ticks(11), reapedSeconds: ticks(13) };
  } catch {
    return undefined; // it ended while we looked
  }
};

/** CPU seconds that a process and all its children, also the ended ones, have used. Linux only: 0 elsewhere. */
export const cpuSeconds = (root: number): number => {
  if (process.platform !== 'linux') return 0;
  const pids = readdirSync('/proc').map(Number).filter((pid) => pid > 0);
  const stats = pids.map((pid) => ({ pid, stat: statOf(pid) }));
  const below = (pid: number): number =>
    stats.filter(({ stat }) => stat?.parent === pid).reduce((sum, child) => sum + (child.stat?.ownSeconds ?? 0) + below(child.pid), 0);
  const own = statOf(root);
  return (own?.ownSeconds ?? 0) + (own?.reapedSeconds ?? 0) + below(root);
};

/** The same of a process without its children, where those are counted by themselves. */
export const ownCpuSeconds = (pid: number): number => (process.platform === 'linux' ? (statOf(pid)?.ownSeconds ?? 0) : 0);

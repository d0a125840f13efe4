import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PATIENCE_MS = 15_000; // longer than the guardian's own grace
const LOOK_EACH_MS = 50;

/** The processes of a data folder, kept in a file, so that the next start finds what a killed supervisor left behind. */
export class ProcessList {
  private readonly file: string;
  private readonly pids: Map<string, number>;

  constructor(
    dataDir: string,
    /** Stands in the command line of each: a number that was given to somebody else since then is left alone. */
    readonly mark = `--cluster=${dataDir}`,
  ) {
    this.file = join(dataDir, 'processes.json');
    this.pids = new Map(existsSync(this.file) ? Object.entries(JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, number>) : []); // written by `write`
  }

  /** Ends what is left of a former run; the names of what had to be ended. */
  async endLeftovers(): Promise<readonly string[]> {
    const left = [...this.pids].filter(([, pid]) => this.isOurs(pid));
    await Promise.all(left.map(([, pid]) => ended(pid)));
    this.pids.clear();
    this.write();
    return left.map(([name]) => name);
  }

  started(name: string, pid: number): void {
    this.pids.set(name, pid);
    this.write();
  }

  ended(name: string): void {
    this.pids.delete(name);
    this.write();
  }

  private isOurs(pid: number): boolean {
    return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.includes(this.mark) ?? false;
  }

  private write(): void {
    writeFileSync(this.file, JSON.stringify(Object.fromEntries(this.pids)));
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // nobody has this number
  }
};

const ended = async (pid: number): Promise<void> => {
  signal(pid, 'SIGTERM');
  const end = performance.now() + PATIENCE_MS;
  while (isAlive(pid)) {
    if (performance.now() > end) signal(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, LOOK_EACH_MS));
  }
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it ended by itself
  }
};

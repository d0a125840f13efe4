import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@atelier/contracts';
import type { Say } from '@atelier/platform';
import { Gate } from './gate';
import type { ProcessList } from './process-list';

const READY_MS = 90_000; // migrations, and a group that is joined for the first time, on a busy machine
const STOP_MS = 20_000; // a batch in hand and effects on their way end sooner
const LOOK_EACH_MS = 50;
const LET_PASS_MS = 50; // whoever came just before is with the service by then
const BACK_OFF_MS = { first: 250, max: 10_000 };
const STEADY_MS = 30_000; // after that a death is news, not a series
const LOG_LINES = 15;

/** One service as a process. */
export type ChildPlan = {
  /** Unique among the processes of the cluster, such as `execution-worker-2`. */
  readonly name: string;
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 once the service is ready. */
  readonly readyUrl: string;
};

/** What the children have in common. */
export type ChildCare = { readonly dataDir: string; readonly processes: ProcessList; readonly say: Say };

const guardian = join(__dirname, '..', 'dist', 'guardian.js'); // compiled, also where a test runs the sources

/** Keeps one process running: one that dies is started again, later each time, until it runs steadily. */
export class Child {
  private process: ChildProcess | undefined;
  private isKept = false; // once it was ready, until it is stopped
  private startedMs = 0;
  private backOffMs = BACK_OFF_MS.first;
  private retry: NodeJS.Timeout | undefined;
  private main: string;
  private readonly gate = new Gate();

  constructor(
    private readonly plan: ChildPlan,
    private readonly care: ChildCare,
  ) {
    this.main = plan.main;
  }

  get name(): string {
    return this.plan.name;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Where it listens. */
  get site(): string {
    return new URL(this.plan.readyUrl).origin;
  }

  /** Resolves once it is ready. Throws a Fault with the end of its log where it ends before that. */
  async start(): Promise<void> {
    this.run();
    const end = performance.now() + READY_MS;
    while (!(await this.isReady())) {
      if (this.process === undefined || performance.now() > end) {
        await this.stop();
        throw new Fault(`${this.name} did not become ready; the end of ${this.logFile}:\n${endOf(this.logFile)}`);
      }
      await pause(LOOK_EACH_MS);
    }
    this.isKept = true;
    this.gate.open();
    if (this.process === undefined) this.died('at once');
  }

  /** Starts it anew, from another entry point where one is given. Throws where that does not become ready; then it runs from the former one again. */
  async restart(main = this.main): Promise<void> {
    const former = this.main;
    this.gate.shut();
    await pause(LET_PASS_MS);
    await this.stop();
    this.main = main;
    try {
      await this.start();
    } catch (error) {
      this.main = former;
      await this.start();
      throw error;
    }
  }

  /** Until it takes requests, or the time is over. */
  up(ms: number): Promise<void> {
    return this.gate.passed(ms);
  }

  /** Asks it to end, and ends it where it does not. Nobody comes any more meanwhile. */
  async stop(): Promise<void> {
    this.gate.shut();
    this.isKept = false;
    clearTimeout(this.retry);
    const { process } = this;
    if (process) await ended(process);
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(this.plan.readyUrl, { signal: AbortSignal.timeout(LOOK_EACH_MS * 20) })).ok;
    } catch {
      return false; // nobody listens yet
    }
  }

  // A group of its own, so that Ctrl-C in a terminal reaches the supervisor alone, which stops all in order. Its output goes to a file: that outlives us.
  private run(): void {
    const { name, env } = this.plan;
    mkdirSync(join(this.care.dataDir, 'logs'), { recursive: true });
    const out = openSync(this.logFile, 'a', 0o600);
    const child = spawn(process.execPath, ['--require', guardian, this.main, this.care.processes.mark], { env: { ...inherited(), ...env }, stdio: ['ignore', out, out, 'ipc'], detached: process.platform !== 'win32' });
    closeSync(out);
    this.process = child;
    this.startedMs = performance.now();
    if (child.pid !== undefined) this.care.processes.started(name, child.pid);
    child.once('exit', (code, signal) => {
      this.process = undefined;
      this.gate.shut();
      this.care.processes.ended(name);
      if (this.isKept) this.died(code ?? signal);
    });
  }

  private died(how: number | string | null): void {
    if (performance.now() - this.startedMs > STEADY_MS) this.backOffMs = BACK_OFF_MS.first;
    this.care.say(`✗ ${this.name} ended (${how}); again in ${(this.backOffMs / 1_000).toFixed(2)} s`);
    this.retry = setTimeout(() => void this.again(), this.backOffMs);
    this.backOffMs = Math.min(this.backOffMs * 2, BACK_OFF_MS.max);
  }

  private async again(): Promise<void> {
    const began = performance.now();
    this.run();
    const { process } = this;
    while (process !== undefined && this.process === process && this.isKept) {
      if (await this.isReady()) {
        this.gate.open();
        return this.care.say(`✓ ${`${this.name} again`.padEnd(34)} ${((performance.now() - began) / 1_000).toFixed(2)} s`);
      }
      await pause(LOOK_EACH_MS);
    }
  }

  private get logFile(): string {
    return join(this.care.dataDir, 'logs', `${this.name}.log`);
  }
}

// Settings reach a service only as its plan says; everything else of ours is passed on.
const inherited = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ATELIER_')));

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
    child.kill('SIGTERM');
  });

const endOf = (log: string): string => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n') : '(no log)');

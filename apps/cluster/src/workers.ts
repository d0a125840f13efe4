/** One worker, whatever it is made of. */
export type Worker = { readonly name: string; readonly pid?: number | undefined; start(): Promise<void>; stop(): Promise<void>; restart(main?: string): Promise<void> };

/** The execution workers: as many as were asked for last. They share the shards by leases, so they come and go in any order. */
export class Workers {
  private readonly running: Worker[] = [];
  private turn: Promise<unknown> = Promise.resolve();

  /** `make`: the worker of this number, from that entry point. */
  constructor(
    private readonly make: (n: number, main: string) => Promise<Worker>,
    private main: string,
  ) {}

  get names(): readonly string[] {
    return this.running.map(({ name }) => name);
  }

  /** Process ids by name. */
  get pids(): Readonly<Record<string, number | undefined>> {
    return Object.fromEntries(this.running.map(({ name, pid }) => [name, pid]));
  }

  /** Adds or removes workers, one request after the other. One that leaves finishes its batch in hand. Answers the names of those that run then. */
  scale(count: number): Promise<readonly string[]> {
    return this.inTurn(() => this.change(count));
  }

  /** Starts one after the other anew, from another entry point where one is given; one more runs meanwhile, so that no shard waits for a start. */
  restart(main = this.main): Promise<readonly string[]> {
    return this.inTurn(() => this.replace(main));
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined); // said to whoever asked; the next request begins anew
    return done;
  }

  private async replace(main: string): Promise<readonly string[]> {
    if (this.running.length > 0) {
      const helper = await this.started(this.running.length + 1, main);
      try {
        for (const worker of this.running) await worker.restart(main);
      } finally {
        await helper.stop();
      }
    }
    this.main = main;
    return this.names;
  }

  private async change(count: number): Promise<readonly string[]> {
    await Promise.all(this.running.splice(count).map((worker) => worker.stop()));
    const missing = Array.from({ length: count - this.running.length }, (_, n) => this.running.length + n + 1);
    const started = await Promise.allSettled(missing.map((n) => this.started(n, this.main)));
    this.running.push(...started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    return this.names;
  }

  private async started(n: number, main: string): Promise<Worker> {
    const worker = await this.make(n, main);
    await worker.start();
    return worker;
  }
}

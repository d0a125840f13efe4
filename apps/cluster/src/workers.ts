/** One worker, whatever it is made of. */
export type Worker = { readonly name: string; readonly pid?: number | undefined; start(): Promise<void>; stop(): Promise<void> };

/** The execution workers: as many as were asked for last. They share the shards by leases, so they come and go in any order. */
export class Workers {
  private readonly running: Worker[] = [];
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly make: (n: number) => Promise<Worker>) {}

  get names(): readonly string[] {
    return this.running.map(({ name }) => name);
  }

  /** Process ids by name. */
  get pids(): Readonly<Record<string, number | undefined>> {
    return Object.fromEntries(this.running.map(({ name, pid }) => [name, pid]));
  }

  /** Adds or removes workers, one request after the other. One that leaves finishes its batch in hand. Answers the names of those that run then. */
  scale(count: number): Promise<readonly string[]> {
    const scaled = this.turn.then(() => this.change(count));
    this.turn = scaled.catch(() => undefined); // said to whoever asked; the next request begins anew
    return scaled;
  }

  private async change(count: number): Promise<readonly string[]> {
    await Promise.all(this.running.splice(count).map((worker) => worker.stop()));
    const missing = Array.from({ length: count - this.running.length }, (_, n) => this.running.length + n + 1);
    const started = await Promise.allSettled(missing.map((n) => this.started(n)));
    this.running.push(...started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    return this.names;
  }

  private async started(n: number): Promise<Worker> {
    const worker = await this.make(n);
    await worker.start();
    return worker;
  }
}

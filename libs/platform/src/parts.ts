/** One line for each part, with the time it took. */
export type Say = (line: string) => void;

/** What was started, in order; it stops in the reverse order, also where a later part fails to start. */
export class Parts {
  private readonly stops: (() => Promise<void>)[] = [];

  constructor(private readonly say: Say) {}

  /** Starts a part, says how long it took, and remembers how to stop it. */
  async start<T>(name: string, start: () => Promise<T>, stop?: (part: T) => Promise<void>): Promise<T> {
    const began = performance.now();
    const part = await start();
    if (stop) this.stops.push(() => stop(part));
    this.say(`✓ ${name.padEnd(34)} ${((performance.now() - began) / 1_000).toFixed(2)} s`);
    return part;
  }

  /** Stops all parts, the last one first; the first failure is thrown once all were asked. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.stops.splice(0).reverse()) await stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

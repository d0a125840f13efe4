import type { Database } from '@atelier/platform';

const POLL_MS = 1_000; // what a lost notification costs

/**
 * Hears that a log has grown, whoever appended: from this process at once, from others by NOTIFY, and by a look each second. Listens only while
 * somebody waits for hints, and only where there is a channel.
 */
export class AppendWatch {
  private readonly listeners = new Set<() => void>();
  private seen = 0;
  private timer: NodeJS.Timeout | undefined;
  private listening: Promise<() => Promise<void>> | undefined;

  constructor(
    private readonly database: Pick<Database, 'listen' | 'notify'>,
    private readonly channel: string | undefined,
    private readonly end: () => Promise<number>,
  ) {}

  add(wake: () => void): () => void {
    this.listeners.add(wake);
    if (this.channel !== undefined && !this.timer) this.start(this.channel);
    return () => void this.listeners.delete(wake);
  }

  /** This process appended up to here, and it is committed. */
  appended(position: number): void {
    this.grown(position);
    // Never inside the transaction: NOTIFY takes a lock over all of the server's databases until the commit.
    if (this.channel !== undefined) void this.database.notify(this.channel, String(position)).catch(() => undefined); // the others look each second
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    const stop = await this.listening?.catch(() => undefined);
    this.listening = undefined;
    await stop?.();
  }

  private start(channel: string): void {
    this.timer = setInterval(() => this.look(channel), POLL_MS);
    this.timer.unref();
    this.look(channel);
  }

  private look(channel: string): void {
    this.listening ??= this.listen(channel);
    this.end().then((position) => this.grown(position), () => undefined); // the database is away; the next look finds what was missed
  }

  private listen(channel: string): Promise<() => Promise<void>> {
    // An empty payload: the connection was away, so something may have been missed.
    const listening = this.database.listen(channel, (payload) => (payload === '' ? this.look(channel) : this.grown(Number(payload))));
    listening.catch(() => (this.listening = undefined)); // tried again with the next look
    return listening;
  }

  private grown(position: number): void {
    if (position <= this.seen) return;
    this.seen = position;
    for (const wake of this.listeners) wake();
  }
}

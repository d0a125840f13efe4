/** Tells readers in this process that shards have grown; readers elsewhere poll. */
export class Growth {
  private readonly listeners = new Set<(shard: number) => void>();

  readonly onAppend = (wake: (shard: number) => void): (() => void) => {
    this.listeners.add(wake);
    return () => this.listeners.delete(wake);
  };

  grown(shards: Iterable<number>): void {
    if (this.listeners.size > 0) for (const shard of shards) for (const wake of this.listeners) wake(shard);
  }
}

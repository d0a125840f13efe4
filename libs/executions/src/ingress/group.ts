/**
 * Group commit: one commit in flight; what gathers meanwhile forms the next. A caller waits for one commit at the least and two at the most,
 * whatever the load.
 */
type Waiting<T, R> = { readonly item: T; readonly resolve: (result: R) => void; readonly reject: (error: unknown) => void };

export class Group<T, R> {
  private gathered: Waiting<T, R>[] = [];
  private running: Promise<void> | undefined;

  /** `commit` answers one result per item, in order. */
  constructor(
    private readonly commit: (items: readonly T[]) => Promise<readonly R[]>,
    private readonly itemsMax: number,
  ) {}

  enter(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.gathered.push({ item, resolve, reject });
      this.running ??= this.drain();
    });
  }

  /** Resolves once nothing is in flight. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async drain(): Promise<void> {
    await undefined; // what enters in the same turn belongs to the first commit
    while (this.gathered.length > 0) {
      const group = this.gathered.splice(0, this.itemsMax);
      await this.commitGroup(group);
    }
    this.running = undefined;
  }

  private async commitGroup(group: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.commit(group.map(({ item }) => item));
      group.forEach(({ resolve }, i) => resolve(results[i] as R)); // commit promises one per item
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

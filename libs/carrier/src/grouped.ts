/**
 * Group commit: one statement in flight; what is added meanwhile forms the next one. An item's promise settles with its group's statement.
 */
export class Grouped<T> {
  private waiting: { readonly item: T; readonly settle: (error?: unknown) => void }[] = [];
  private isRunning = false;

  constructor(
    private readonly flush: (items: readonly T[]) => Promise<void>,
    private readonly itemsMax: number,
  ) {}

  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, settle: (error) => (error === undefined ? resolve() : reject(error as Error)) }); // what flush rejected with
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    await Promise.resolve(); // requests that arrived in the same turn share the first group too
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, this.itemsMax);
      const error = await this.flush(group.map(({ item }) => item)).then(
        () => undefined,
        (reason: unknown) => reason ?? new Error('the group was not stored'),
      );
      for (const { settle } of group) settle(error);
    }
    this.isRunning = false;
  }
}

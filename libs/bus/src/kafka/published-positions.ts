/** What a publisher remembers in its context's own database: how far the topic has the log. Behind the truth it only causes repeats. */
export interface PublishedPositions {
  /** 0 where nothing was published. */
  of(log: string, shard: number): Promise<number>;
  /** Never moves back. */
  passed(marks: readonly { readonly log: string; readonly shard: number; readonly pos: number }[]): Promise<void>;
}

/** For systems that live as long as a test. */
export class MemoryPositions implements PublishedPositions {
  private readonly marks = new Map<string, number>();

  async of(log: string, shard: number): Promise<number> {
    return this.marks.get(`${log} ${shard}`) ?? 0;
  }

  async passed(marks: readonly { readonly log: string; readonly shard: number; readonly pos: number }[]): Promise<void> {
    for (const { log, shard, pos } of marks) this.marks.set(`${log} ${shard}`, Math.max(pos, this.marks.get(`${log} ${shard}`) ?? 0));
  }
}

import type { ExecutionSid } from '@atelier/contracts';
import { type Entry, STATUS } from './entry';

/** The running executions of a lane, the longest untouched ones leaving first, and who holds which claim as far as memory knows. */
export class EntryCache {
  private readonly entries = new Map<ExecutionSid, Entry>();
  private readonly holders = new Map<string, ExecutionSid>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(sid: ExecutionSid): Entry | undefined {
    return this.entries.get(sid);
  }

  holder(key: string): ExecutionSid | undefined {
    return this.holders.get(key);
  }

  /** After the commit: what runs on stays, as the newest; what ended goes. */
  keep(entry: Entry): void {
    this.drop(entry);
    if (entry.status !== STATUS.active) return;
    this.entries.set(entry.sid, entry);
    for (const key of entry.claims) this.holders.set(key, entry.sid);
  }

  drop(entry: Entry): void {
    this.entries.delete(entry.sid);
    for (const key of entry.claims) if (this.holders.get(key) === entry.sid) this.holders.delete(key);
  }

  /** Somebody else may have written in these shards. */
  dropShards(shards: ReadonlySet<number>): void {
    for (const entry of [...this.entries.values()]) if (shards.has(entry.shard)) this.drop(entry);
  }

  /** Between batches only: a batch must find what it loaded. */
  trim(): void {
    for (const entry of this.entries.values()) {
      if (this.entries.size <= this.max) return;
      if (entry.doors.length === 0) this.drop(entry);
    }
  }
}

import type { Meta } from '@atelier/contracts';
import type { Queryable, Statement } from '@atelier/platform';

/** An event before it is stored: type and data are ours and private to the context. */
export type Fact = { readonly type: string; readonly data: object };

/** An event as stored. `position` is dense over the context's log, `version` over its stream; both from 1. `id` never changes. */
export type Recorded<E extends Fact = Fact> = E & {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly at: string;
  readonly meta: Meta;
};

/** Events for one stream. Without events it is a condition: the batch holds only while nobody appends to that stream. */
export type Append = { readonly stream: string; readonly expectedVersion: number; readonly events: readonly Fact[]; readonly meta: Meta };

/** Somebody appended to the stream since it was read: look again, decide again. */
export class ConcurrencyConflict extends Error {
  override readonly name = 'ConcurrencyConflict';
}

/** The log of facts of a low-rate context. A batch is stored and projected inline, all of it or none of it. */
export interface EventStore {
  read(stream: string, fromVersion?: number): Promise<readonly Recorded[]>;
  /** Throws ConcurrencyConflict where an expected version is stale; ConnectionLost where nobody knows whether it was stored. */
  append(batch: readonly Append[]): Promise<readonly Recorded[]>;
  /** The whole log in order of position, for topics and rebuilds. */
  readLog(after: number, limit: number): Promise<readonly Recorded[]>;
  /** The last position. */
  end(): Promise<number>;
  /** A hint after an append. Adapters with a channel hear other processes too, within a second where a notification is lost. */
  onAppend(wake: () => void): () => void;
  /** Stops listening to other processes. The database stays open. */
  close(): Promise<void>;
}

/** A statement with its values. */
export type Write = { readonly statement: string | Statement; readonly values: readonly unknown[] };

/** Events → rows, in the transaction of the append. One statement a table and type, given all events of that type in the batch. */
export type Projection = {
  readonly name: string;
  readonly on: Readonly<Record<string, (events: readonly Recorded[]) => Write>>;
  /** Empties the table before a rebuild. */
  readonly clear: (tx: Queryable) => Promise<void>;
};

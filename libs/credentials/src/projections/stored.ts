import type { Recorded } from '@atelier/event-store';
import type { CredentialsEvent } from '../credentials.events';

/** A stored event of these types. */
export type Stored<T extends CredentialsEvent['type']> = Recorded<Extract<CredentialsEvent, { type: T }>>;

/** Rows for `json_to_recordset`: with the names of the columns. */
export const rowsOf = <T extends CredentialsEvent['type']>(events: readonly Recorded[], row: (event: Stored<T>) => object): string =>
  JSON.stringify((events as readonly Stored<T>[]).map(row)); // the projection's key names the type

import type { AccountSid, JsonObject } from '@atelier/contracts';
import type { ApiKey } from './credentials.port';

/** One message as the Messages resource takes it; absent means that the parameter is not sent. */
export type OutgoingMessage = {
  readonly to: string;
  /** A number, a channel address, or the SID of a Messaging Service (MG…). */
  readonly from: string;
  readonly body?: string;
  readonly mediaUrl?: string;
  readonly contentSid?: string;
  readonly contentVariables?: Readonly<Record<string, string>>;
  readonly shortenUrls?: boolean;
  /** Programmable Chat: both or neither; then the message goes into that channel. */
  readonly service?: string;
  readonly channel?: string;
  /** JSON text; chat only. */
  readonly attributes?: string;
  readonly statusCallback?: string;
};

/**
 * What the provider said. `accepted`: the resource with capitalised names. `refused`: it answered with an error, and nothing was sent.
 * `unreachable`: it never saw the request. `unknown`: the connection broke or time ran out after sending, so nobody can say.
 */
export type SendResult =
  | { readonly kind: 'accepted'; readonly message: JsonObject }
  | { readonly kind: 'refused'; readonly status: number; readonly code: number; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

/** Sends one message, once; never repeats it by itself. An aborted call ends at once, as one that broke. */
export interface MessageSender {
  send(account: AccountSid, key: ApiKey, message: OutgoingMessage, signal?: AbortSignal): Promise<SendResult>;
}

/** What an attempt would have created. Absent `body`: the text is the template's and cannot be compared. */
export type SoughtMessage = { readonly to: string; readonly from: string; readonly body?: string; readonly createdSinceMs: number };

/** Finds what an attempt without an outcome may have created (invariant A5). */
export interface MessageLookup {
  /** Whether "not found" means "never accepted". */
  readonly isConclusive: boolean;
  /** Newest first; each as the answer to its create was, with capitalised names. Throws Fault where the provider cannot be asked now. */
  find(account: AccountSid, key: ApiKey, sought: SoughtMessage): Promise<readonly JsonObject[]>;
  /** The same of one message; undefined where there is none. */
  fetch(account: AccountSid, key: ApiKey, sid: string): Promise<JsonObject | undefined>;
}

import type { AccountSid, ExecutionSid, FlowSid } from '@atelier/contracts';

/** A key that signs calls to Twilio. The secret never leaves the process, an event, a log or an answer (invariant A8). */
export type ApiKey = { readonly sid: string; readonly secret: string };

/** Why a key is asked for; it stands in the audit record. */
export type StudioKeyCause = { readonly executionSid?: ExecutionSid; readonly flowSid?: FlowSid };

/** The account's Studio API Key (invariant A9). Coalesced and cached by its adapters. */
export interface StudioKey {
  /** The current key, made now if there is none. */
  ensure(account: AccountSid, cause: StudioKeyCause): Promise<ApiKey>;
  /**
   * The provider refused this key with 401/20003. Confirms that it is gone, makes a new one, and answers it; answers undefined where the key still
   * exists: then the refusal has another cause, and nothing is made.
   */
  replaceRefused(account: AccountSid, refusedSid: string, cause: StudioKeyCause): Promise<ApiKey | undefined>;
}

/** The account's auth tokens, to check and to make X-Twilio-Signature and for nothing else. Primary first. */
export interface SigningToken {
  tokens(account: AccountSid): Promise<readonly string[]>;
}

/** Tokens under which the bindings are provided in Nest. */
export const STUDIO_KEY = Symbol('StudioKey');
export const SIGNING_TOKEN = Symbol('SigningToken');

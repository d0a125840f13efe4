import type { AccountSid, FlowSid } from './sids';

/** Names a revision: a number, the newest published one, or the newest one whatever its status. */
export type RevisionName = number | 'LatestPublished' | 'LatestRevision';

/** What the directory says of a flow at the moment an execution of it starts. */
export type FlowChoice =
  | { readonly kind: 'found'; readonly revision: number; readonly isTestUser: boolean }
  | { readonly kind: 'no-flow' }
  | { readonly kind: 'not-published' };

/** What is known of a flow where somebody asks which revision runs. Newest revisions that can run: imported drafts with errors are passed over. */
export type FlowEntry = {
  readonly accountSid: AccountSid;
  readonly latest: number;
  readonly isLatestValid: boolean;
  readonly latestPublished: number | null;
  readonly testUsers: readonly string[];
};

/** The choice that follows: the latest published revision, or the latest one for a test user. A flow of another account is not there. */
export const choiceOf = (entry: FlowEntry | undefined, account: AccountSid, contact: string): FlowChoice => {
  if (entry?.accountSid !== account) return { kind: 'no-flow' };
  const isTestUser = entry.testUsers.includes(contact);
  const revision = isTestUser && entry.isLatestValid ? entry.latest : entry.latestPublished;
  return revision === null ? { kind: 'not-published' } : { kind: 'found', revision, isTestUser };
};

/** What `executions` needs to know of flows. Revisions are immutable, so a definition may be cached for ever. */
export interface FlowDirectory {
  /** Which revision runs for this contact: the latest published one, or the latest draft for a test user (`spec/studio.md` 4.7). */
  choose(account: AccountSid, flow: FlowSid, contact: string): Promise<FlowChoice>;
  /** The revision that a subflow reference means; undefined where the flow or that revision does not exist or cannot run. */
  resolve(account: AccountSid, flow: FlowSid, name: RevisionName): Promise<number | undefined>;
  /** The definition as it was posted; undefined where there is none. */
  definition(account: AccountSid, flow: FlowSid, revision: number): Promise<string | undefined>;
}

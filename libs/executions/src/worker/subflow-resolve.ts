import type { AccountSid, FlowDirectory, FlowSid, RevisionName } from '@atelier/contracts';
import type { Effect, EffectOutcome } from '@atelier/widgets';

const NO_REVISION = 81024; // the Subflow could not be started (`spec/studio.md` 7)

/** Which revision of a subflow runs: asked of the flow directory, and pinned by its outcome (A7). */
export const resolveSubflow = async (directory: FlowDirectory, account: AccountSid, { flowSid, revision }: Extract<Effect, { kind: 'subflow.resolve' }>['request']): Promise<EffectOutcome> => {
  // The definition was validated: an identifier and one of these words, or a number.
  const resolved = await directory.resolve(account, flowSid as FlowSid, revisionName(revision));
  return resolved === undefined ? { ok: false, code: NO_REVISION, message: `there is no revision ${revision} of ${flowSid} that can run` } : { ok: true, payload: { revision: resolved } };
};

const revisionName = (revision: string): RevisionName => {
  if (revision === 'LatestPublished') return revision;
  return /^[0-9]+$/.test(revision) ? Number(revision) : 'LatestRevision';
};

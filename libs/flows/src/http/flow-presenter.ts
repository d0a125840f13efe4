import { Verbatim, isoSeconds } from '@atelier/rest-kit';
import type { FullRevisionRow, RevisionRow } from '../flow-tables';

/** What lists leave null: the texts. */
const UNLISTED = { definition: null, valid: null, errors: null };
const CLEAN = { errors: [], warnings: [] };

/** The Flow resource of v2. */
export const presentFlow = (row: FullRevisionRow, publicUrl: string): object => ({
  ...common(row, publicUrl),
  ...linksOf(row, publicUrl),
  ...textsOf(row),
});

/** The same in a list. A published client reads the commit message there. */
export const presentListedFlow = (row: RevisionRow, publicUrl: string): object => ({
  ...common(row, publicUrl),
  ...linksOf(row, publicUrl),
  ...UNLISTED,
  warnings: null,
});

/** A FlowRevision resource: `sid` is the flow's. */
export const presentRevision = (row: FullRevisionRow, publicUrl: string): object => {
  const { warnings: _, ...texts } = textsOf(row);
  return { ...common(row, publicUrl), url: revisionUrl(row, publicUrl), ...texts };
};

export const presentListedRevision = (row: RevisionRow, publicUrl: string): object => ({
  ...common(row, publicUrl),
  url: revisionUrl(row, publicUrl),
  ...UNLISTED,
});

export const presentTestUsers = (sid: string, testUsers: readonly string[], publicUrl: string): object => ({
  sid,
  test_users: testUsers,
  url: `${publicUrl}/v2/Flows/${sid}/TestUsers`,
});

/** The Flow resource of v1: no definition, `version` instead of `revision`. */
export const presentFlowV1 = ({ sid, ...row }: RevisionRow, publicUrl: string): object => {
  const url = `${publicUrl}/v1/Flows/${sid}`;
  return {
    sid,
    account_sid: row.account_sid,
    friendly_name: row.friendly_name,
    status: row.status,
    version: row.revision,
    date_created: isoSeconds(row.created_at),
    date_updated: isoSeconds(row.updated_at),
    url,
    links: { engagements: `${url}/Engagements`, executions: `${url}/Executions` },
  };
};

const urlOf = ({ sid }: RevisionRow, publicUrl: string): string => `${publicUrl}/v2/Flows/${sid}`;
const revisionUrl = (row: RevisionRow, publicUrl: string): string => `${urlOf(row, publicUrl)}/Revisions/${row.revision}`;

const common = (row: RevisionRow, publicUrl: string) => ({
  sid: row.sid,
  account_sid: row.account_sid,
  author_sid: row.author_sid,
  friendly_name: row.friendly_name,
  status: row.status,
  revision: row.revision,
  commit_message: row.commit_message,
  date_created: isoSeconds(row.created_at),
  date_updated: isoSeconds(row.updated_at),
  url: urlOf(row, publicUrl),
});

const linksOf = (row: RevisionRow, publicUrl: string) => {
  const url = urlOf(row, publicUrl);
  return {
    webhook_url: `${publicUrl}/v1/Accounts/${row.account_sid}/Flows/${row.sid}`,
    links: { test_users: `${url}/TestUsers`, revisions: `${url}/Revisions`, executions: `${url}/Executions` },
  };
};

// A definition stands in the answer as it was posted: key order, spelling of numbers, unknown keys.
const textsOf = ({ definition, report, valid }: FullRevisionRow) => {
  const { errors, warnings } = report === null ? CLEAN : (JSON.parse(report) as typeof CLEAN); // written by our own service
  return { definition: new Verbatim(definition), valid, errors, warnings };
};

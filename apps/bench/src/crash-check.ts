import type { Client } from './client';
import { MESSAGES, type Kind, type Run, type Target } from './crash-load';

type Page<T> = T & { meta?: { next_page_url: string | null }; next_page_uri?: string | null };
const CHECKED_AT_ONCE = 8;

type Execution = { sid: string; status: string; contact_channel_address: string };

const pages = async function* <T extends object>(client: Client, first: string): AsyncGenerator<Page<T>> {
  for (let next: string | null | undefined = first; next; ) {
    const { status, body } = await client.get(next);
    if (status !== 200) throw new Error(`${next}: ${status} ${body}`);
    const page = JSON.parse(body) as Page<T>;
    yield page;
    const following: string | null | undefined = page.meta ? page.meta.next_page_url : page.next_page_uri;
    next = following?.replace(/^https?:\/\/[^/]+/, '');
  }
};

/** Every execution of a flow by contact; more than one for a contact is a doubled trigger. */
export const executionsOf = async (client: Client, flowSid: string): Promise<Map<string, Execution[]>> => {
  const byContact = new Map<string, Execution[]>();
  for await (const { executions } of pages<{ executions: Execution[] }>(client, `/v2/Flows/${flowSid}/Executions?PageSize=1000`))
    for (const execution of executions) byContact.set(execution.contact_channel_address, [...(byContact.get(execution.contact_channel_address) ?? []), execution]);
  return byContact;
};

/** Messages that the carrier took, by contact. */
export const messagesByContact = async (client: Client, account: string): Promise<Map<string, number>> => {
  const byContact = new Map<string, number>();
  for await (const { messages } of pages<{ messages: { to: string; direction: string }[] }>(client, `/2010-04-01/Accounts/${account}/Messages.json?PageSize=1000`))
    for (const { to, direction } of messages) if (direction.startsWith('outbound')) byContact.set(to, (byContact.get(to) ?? 0) + 1);
  return byContact;
};

/** A context whose identifiers are replaced by the order in which they appear, and its times and contact by a word: equal runs look equal. */
export const normalised = (context: string, contact: string): string => {
  const seen = new Map<string, string>();
  const inOrder = (found: string): string => {
    const known = seen.get(found) ?? `<sid ${seen.size + 1}>`;
    seen.set(found, known);
    return known;
  };
  return context
    .replaceAll(contact, '<contact>')
    .replaceAll(encodeURIComponent(contact), '<contact>')
    .replace(/\b[A-Z]{2}[0-9a-f]{32}\b/g, inOrder)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replace(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000/g, '<time>')
    .replace(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g, '<time>');
};

const contextOf = async (client: Client, flowSid: string, execution: Execution): Promise<string> => {
  const { status, body } = await client.get(`/v2/Flows/${flowSid}/Executions/${execution.sid}/Context`);
  if (status !== 200) throw new Error(`context of ${execution.sid}: ${status}`);
  return normalised(JSON.stringify((JSON.parse(body) as { context: unknown }).context), execution.contact_channel_address);
};

/** What is wrong with one run: `what` is the same text for faults of the same kind. */
export type Fault = { readonly kind: Kind; readonly contact: string; readonly what: string; readonly detail?: string };

/** What is wrong after a run: an empty list when nothing was lost, doubled or changed. `expected` is filled by the undisturbed runs. */
export const faultsOf = async (target: Target, runs: readonly Run[], expected: Map<Kind, string>): Promise<Fault[]> => {
  const { client, atelier, flows } = target;
  const messages = await messagesByContact(client, atelier.accountSid);
  const tables = new Map<Kind, Map<string, Execution[]>>();
  for (const kind of new Set(runs.map((run) => run.kind))) tables.set(kind, await executionsOf(client, flows[kind]));
  const faults: Fault[][] = [];
  const queue = runs.entries();
  const lane = async (): Promise<void> => {
    for (const [n, run] of queue) faults[n] = await faultsOfRun(target, run, tables.get(run.kind)?.get(run.contact) ?? [], messages.get(run.contact) ?? 0, expected);
  };
  await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, lane));
  return faults.flat();
};

const faultsOfRun = async ({ client, flows }: Target, { kind, contact }: Run, [execution, ...more]: readonly Execution[], sent: number, expected: Map<Kind, string>): Promise<Fault[]> => {
  const faults: Fault[] = [];
  const fault = (what: string, detail?: string): void => void faults.push({ kind, contact, what, ...(detail !== undefined && { detail }) });
  if (!execution) fault('acknowledged and lost');
  if (more.length > 0) fault(`${more.length + 1} executions`);
  if (execution && execution.status !== 'ended') fault(`still ${execution.status}`, execution.sid);
  if (sent !== MESSAGES[kind]) fault(`${sent} messages instead of ${MESSAGES[kind]}`);
  if (execution?.status === 'ended') {
    const context = await contextOf(client, flows[kind], execution);
    const wanted = expected.get(kind) ?? context;
    expected.set(kind, wanted);
    if (context !== wanted) fault('context differs', `${execution.sid}\n  expected ${wanted}\n  found    ${context}`);
  }
  return faults;
};

/** Whether every run's execution has ended: the system has come to rest. */
export const allEnded = async ({ client, flows }: Target): Promise<boolean> => {
  for (const flowSid of new Set(Object.values(flows))) {
    const { body, status } = await client.get(`/v2/Flows/${flowSid}/Executions?status=active&PageSize=1`);
    if (status !== 200 || (JSON.parse(body) as { executions: unknown[] }).executions.length > 0) return false;
  }
  return true;
};


/** A line for each kind of fault with its number and one example. */
export const summaryOf = (faults: readonly Fault[]): string[] => {
  const groups = new Map<string, Fault[]>();
  for (const fault of faults) groups.set(`${fault.kind}: ${fault.what}`, [...(groups.get(`${fault.kind}: ${fault.what}`) ?? []), fault]);
  return [...groups].map(([name, [first, ...more]]) => `${more.length + 1} × ${name}, such as ${first?.contact} ${first?.detail ?? ''}`);
};

import { ConfigurationError, type Say } from '@atelier/platform';
import { z } from 'zod';
import type { Access } from './access';
import { type Command, type Shelf, pathOf } from './command';
import { type Fields, ask } from './rest';
import { sheet, table } from './table';

const PAGE_MAX = 1_000;
const page = z.looseObject({ meta: z.object({ next_page_url: z.string().nullable() }) });

/** Does it, and says what came of it: a table for people, one JSON document for programs. */
export const perform = async (command: Command, access: Access, say: Say): Promise<void> => {
  const { shelf, act, ids, isJson } = command;
  if (act === 'list') return listed(shelf, await listOf(command, access), command, say);
  const results: Fields[] = [];
  for (const id of ids) {
    const result = await ACTS[act](access, shelf, id);
    if (isJson) results.push(result);
    else say(act === 'show' ? sheet(result) : `${shelf.name} ${id}: ${String(result['status'])}`); // what was done stays said if the next one fails
  }
  if (isJson) say(JSON.stringify(results, null, 1));
};

type One = (access: Access, shelf: Shelf, id: string) => Promise<Fields>;

const ACTS: Readonly<Record<'show' | 'again' | 'drop', One>> = {
  show: async (access, shelf, id) => ({ ...(await there(access, 'GET', shelf, id)), id }),
  again: async (access, shelf, id) => {
    await there(access, 'POST', shelf, id, `/${shelf.again.path}`);
    return { id, status: shelf.again.done };
  },
  drop: async (access, shelf, id) => {
    await there(access, 'DELETE', shelf, id);
    return { id, status: 'dropped' };
  },
};

const there = async (access: Access, method: 'GET' | 'POST' | 'DELETE', shelf: Shelf, id: string, more = ''): Promise<Fields> => {
  const answer = await ask(access, method, pathOf(shelf, id) + more);
  if (!answer) throw new ConfigurationError(`There is nothing at ${shelf.name} ${id} for ${access.as}: somebody was faster, or it is another's.`);
  return answer;
};

const listed = (shelf: Shelf, rows: readonly Fields[], { isJson, limit }: Command, say: Say): void => {
  if (isJson) return say(JSON.stringify(rows, null, 1));
  if (rows.length === 0) return say('Nothing is set aside.');
  say(table(shelf.columns, rows));
  if (rows.length === limit) say(`\nThe newest ${limit}; --limit N shows more.`);
};

/** Of all contexts that have such, each with its newest first; `limit` of each at most. */
const listOf = async ({ shelf, limit }: Command, access: Access): Promise<readonly Fields[]> => {
  const lists: Fields[] = [];
  for (const [context, path] of Object.entries(shelf.paths)) {
    const rows = await pagesOf(access, path, shelf.key, limit);
    lists.push(...rows.map((row) => ({ ...row, id: context === '' ? row['id'] : `${context}/${String(row['id'])}` })));
  }
  return lists.sort((a, b) => String(b['date_created']).localeCompare(String(a['date_created']))).slice(0, limit);
};

const pagesOf = async (access: Access, path: string, key: string, limit: number): Promise<readonly Fields[]> => {
  const rows: Fields[] = [];
  for (let next: string | undefined = `?PageSize=${Math.min(limit, PAGE_MAX)}`; next && rows.length < limit; ) {
    const answer: z.infer<typeof page> | undefined = page.safeParse(await ask(access, 'GET', path + next)).data;
    if (!answer) throw new ConfigurationError(`${access.url} has no ${path}: is it an installation of this version?`);
    rows.push(...(answer[key] as readonly Fields[])); // as the reference describes it
    next = answer.meta.next_page_url === null ? undefined : new URL(answer.meta.next_page_url).search; // wherever it thinks that it is
  }
  return rows.slice(0, limit);
};

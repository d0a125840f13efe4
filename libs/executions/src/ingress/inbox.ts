import { type AccountSid, type ExecutionSid, Fault, sidOfUuid } from '@atelier/contracts';
import { type Database, type Statement, QueryRefused } from '@atelier/platform';
import { column, digits, textColumn } from '../store/columns';
import { CLAIM_HOLDERS, ENTER_COMMANDS, ENTER_CREATES, ENTER_MESSAGES, ENTER_TRIGGERS } from './ingress-statements';
import type { CreateBody, InputBody, MessageBody } from './stored-command';

/** Where an input stands in the inbox. */
export type Place = { readonly shard: number; readonly pos: number };

export type CreateEntry = { readonly shard: number; readonly key: string; readonly body: CreateBody };
export type TriggerEntry = CreateEntry & { readonly input: string };
export type MessageEntry = { readonly input: string; readonly shard: number; readonly body: MessageBody };
export type CommandEntry = { readonly input?: string; readonly account: AccountSid; readonly body: InputBody };

/** `lost`: somebody else holds the claim; `gone`: held when it was tried, free a moment later. */
export type CreateEntered = Place | { readonly lost: ExecutionSid } | 'gone';
export type TriggerEntered = CreateEntered | { readonly first: ExecutionSid };

type Row = { n: number; shard: number; pos: string; first?: string | null };
const TRANSIENT = new Set(['40P01', '40001', '55P03']); // a deadlock or a lock: the same again may pass

/** The statements of ingress, one call per group (W4: it never writes events). */
export class Inbox {
  constructor(private readonly db: Database) {}

  async creates(entries: readonly CreateEntry[]): Promise<readonly CreateEntered[]> {
    const rows = await this.enter(ENTER_CREATES, createColumns(entries));
    return this.withHolders(entries, placesOf(rows));
  }

  async triggers(entries: readonly TriggerEntry[]): Promise<readonly TriggerEntered[]> {
    const rows = await this.enter(ENTER_TRIGGERS, [column(entries.map(({ input }) => input)), ...createColumns(entries)]);
    const repeated = new Map(rows.flatMap(({ n, first }) => (first ? [[n, { first: sidOfUuid('FN', first) }] as const] : [])));
    const results = await this.withHolders(entries, placesOf(rows.filter(({ first }) => !first)), repeated);
    return results.map((result, i) => repeated.get(i + 1) ?? result);
  }

  /** Undefined for an input that was seen before. */
  async messages(entries: readonly MessageEntry[]): Promise<readonly (Place | undefined)[]> {
    const places = placesOf(
      await this.enter(ENTER_MESSAGES, [
        column(entries.map(({ input }) => input)),
        column(entries.map(({ body }) => body.keys[0])),
        column(entries.map(({ body }) => body.keys[1])),
        column(entries.map(({ shard }) => shard)),
        textColumn(entries.map(({ body }) => JSON.stringify(body))),
      ]),
    );
    return entries.map((_, i) => places.get(i + 1));
  }

  async commands(entries: readonly CommandEntry[]): Promise<readonly (Place | 'unknown' | 'repeated')[]> {
    const rows = await this.enter(ENTER_COMMANDS, [
      column(entries.map(({ input }) => input)),
      column(entries.map(({ body }) => digits(body.execution))),
      column(entries.map(({ account }) => digits(account))),
      textColumn(entries.map(({ body }) => JSON.stringify(body))),
    ]);
    const found = new Map(rows.map(({ n, shard, pos }) => [n, Number(pos) === 0 ? 'unknown' : Number(pos) < 0 ? 'repeated' : { shard, pos: Number(pos) }] as const));
    return entries.map((_, i) => found.get(i + 1) ?? 'repeated'); // of two equal inputs in one group the second has no row of its own
  }

  private async withHolders(entries: readonly CreateEntry[], won: ReadonlyMap<number, Place>, known: ReadonlyMap<number, unknown> = new Map()): Promise<readonly CreateEntered[]> {
    const lost = entries.filter((_, i) => !won.has(i + 1) && !known.has(i + 1));
    const holders = new Map<string, ExecutionSid>();
    if (lost.length > 0) {
      const rows = await this.db.query<{ key: string; execution: string }>(CLAIM_HOLDERS, [column(lost.map(({ key }) => key))]);
      for (const { key, execution } of rows) holders.set(key.replaceAll('-', ''), sidOfUuid('FN', execution));
    }
    return entries.map((entry, i) => won.get(i + 1) ?? lostTo(holders.get(entry.key)));
  }

  private async enter(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    try {
      return await this.db.query<Row>(statement, values);
    } catch (error) {
      if (error instanceof QueryRefused && TRANSIENT.has(error.code)) throw new Fault(error.message, { cause: error });
      throw error;
    }
  }
}

const createColumns = (entries: readonly CreateEntry[]): readonly string[] => [
  column(entries.map(({ key }) => key)),
  column(entries.map(({ body }) => digits(body.start.execution))),
  column(entries.map(({ shard }) => shard)),
  textColumn(entries.map(({ body }) => JSON.stringify(body))),
];

const placesOf = (rows: readonly Row[]): Map<number, Place> => new Map(rows.map(({ n, shard, pos }) => [n, { shard, pos: Number(pos) }]));

const lostTo = (holder: ExecutionSid | undefined): CreateEntered => (holder ? { lost: holder } : 'gone');

import { type AccountSid, type FlowChoice, type FlowDirectory, type FlowEntry, type FlowSid, type RevisionName, choiceOf } from '@atelier/contracts';
import type { EventStore } from '@atelier/event-store';
import type { Clock, Queryable } from '@atelier/platform';
import { LRUCache } from 'lru-cache';

const ENTRY_LIFE_MS = 1_000; // when the hint of another process's append is lost
const ENTRIES_MAX = 10_000;
const DEFINITION_CHARACTERS_MAX = 64 * 1024 * 1024; // of all cached definitions together

/**
 * Owns what `executions` asks of flows. An entry is dropped when this process appends and when the store hears of another's append; a
 * missing flow is never remembered, so a flow just created runs at once. Revisions never change and are kept while there is room.
 */
export class CachedFlowDirectory implements FlowDirectory {
  private readonly entries = new LRUCache<string, { readonly at: number; readonly entry: Promise<FlowEntry | undefined> }>({ max: ENTRIES_MAX });
  private readonly definitions = new LRUCache<string, string>({ maxSize: DEFINITION_CHARACTERS_MAX, sizeCalculation: (text) => text.length + 1 });

  constructor(
    private readonly db: Queryable,
    store: Pick<EventStore, 'onAppend'>,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {
    store.onAppend(() => this.entries.clear());
  }

  async choose(account: AccountSid, flow: FlowSid, contact: string): Promise<FlowChoice> {
    const sid = normal(flow);
    return choiceOf(await (this.fresh(sid) ?? this.loaded(sid)), account, contact);
  }

  /** What is stored now: for those who remember it themselves. */
  entry(flow: FlowSid): Promise<FlowEntry | undefined> {
    return this.read(normal(flow));
  }

  async resolve(account: AccountSid, flow: FlowSid, name: RevisionName): Promise<number | undefined> {
    const entry = await this.entry(flow); // workers ask, whose process hears of no append: what was published just now must run
    if (entry?.accountSid !== account) return undefined;
    if (name === 'LatestPublished') return entry.latestPublished ?? undefined;
    if (name === 'LatestRevision') return entry.isLatestValid ? entry.latest : undefined;
    if (name > entry.latest) return undefined;
    const rows = await this.db.query<{ revision: number }>('select revision from flow_revision where flow_sid = $1 and revision = $2 and valid', [
      normal(flow),
      name,
    ]);
    return rows[0]?.revision;
  }

  async definition(account: AccountSid, flow: FlowSid, revision: number): Promise<string | undefined> {
    const key = `${account} ${normal(flow)} ${revision}`;
    const known = this.definitions.get(key);
    if (known !== undefined) return known;
    const rows = await this.db.query<{ body: string }>(
      'select t.body from flow_revision r join flow_text t on t.sha256 = r.definition_sha256 where r.flow_sid = $1 and r.revision = $2 and r.account_sid = $3',
      [normal(flow), revision, account],
    );
    if (rows[0]) this.definitions.set(key, rows[0].body);
    return rows[0]?.body;
  }

  private fresh(sid: string): Promise<FlowEntry | undefined> | undefined {
    const found = this.entries.get(sid);
    return found && this.clock.monotonicMs() - found.at < ENTRY_LIFE_MS ? found.entry : undefined;
  }

  // The promise is what is kept, so that many starts of one flow ask once.
  private loaded(sid: string): Promise<FlowEntry | undefined> {
    const cached = { at: this.clock.monotonicMs(), entry: this.read(sid) };
    const forget = (): void => {
      if (this.entries.get(sid) === cached) this.entries.delete(sid);
    };
    this.entries.set(sid, cached);
    cached.entry.then((entry) => entry ?? forget(), forget);
    return cached.entry;
  }

  private async read(sid: string): Promise<FlowEntry | undefined> {
    const rows = await this.db.query<FlowEntry>(
      `select f.account_sid as "accountSid", f.latest, r.valid as "isLatestValid", f.latest_published as "latestPublished", f.test_users as "testUsers"
         from flow f join flow_revision r on r.flow_sid = f.sid and r.revision = f.latest where f.sid = $1`,
      [sid],
    );
    return rows[0];
  }
}

// Flows are stored under identifiers in lower case; definitions may name them otherwise.
const normal = (sid: string): string => sid.slice(0, 2) + sid.slice(2).toLowerCase();

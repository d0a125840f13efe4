import type { AccountSid, FlowChoice, FlowDirectory, FlowSid, RevisionName } from '@atelier/contracts';
import type { EventStore } from '@atelier/event-store';
import type { Clock, Queryable } from '@atelier/platform';
import { LRUCache } from 'lru-cache';

/** Newest revisions that can run: imported drafts with errors are passed over. */
type Entry = {
  readonly account_sid: string;
  readonly latest: number;
  readonly latest_valid: boolean;
  readonly latest_published: number | null;
  readonly test_users: readonly string[];
};

const ENTRY_LIFE_MS = 1_000; // when the hint of another process's append is lost
const ENTRIES_MAX = 10_000;
const DEFINITION_CHARACTERS_MAX = 64 * 1024 * 1024; // of all cached definitions together

/**
 * Owns what `executions` asks of flows. An entry is dropped when this process appends and when the store hears of another's append; a
 * missing flow is never remembered, so a flow just created runs at once. Revisions never change and are kept while there is room.
 */
export class CachedFlowDirectory implements FlowDirectory {
  private readonly entries = new LRUCache<string, { readonly at: number; readonly entry: Promise<Entry | undefined> }>({ max: ENTRIES_MAX });
  private readonly definitions = new LRUCache<string, string>({ maxSize: DEFINITION_CHARACTERS_MAX, sizeCalculation: (text) => text.length + 1 });

  constructor(
    private readonly db: Queryable,
    store: Pick<EventStore, 'onAppend'>,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {
    store.onAppend(() => this.entries.clear());
  }

  async choose(account: AccountSid, flow: FlowSid, contact: string): Promise<FlowChoice> {
    const entry = await this.entryOf(account, flow);
    if (!entry) return { kind: 'no-flow' };
    const isTestUser = entry.test_users.includes(contact);
    const revision = isTestUser && entry.latest_valid ? entry.latest : entry.latest_published;
    return revision === null ? { kind: 'not-published' } : { kind: 'found', revision, isTestUser };
  }

  async resolve(account: AccountSid, flow: FlowSid, name: RevisionName): Promise<number | undefined> {
    const entry = await this.read(normal(flow)); // workers ask, whose process hears of no append: what was published just now must run
    if (entry?.account_sid !== account) return undefined;
    if (name === 'LatestPublished') return entry.latest_published ?? undefined;
    if (name === 'LatestRevision') return entry.latest_valid ? entry.latest : undefined;
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

  private async entryOf(account: AccountSid, flow: FlowSid): Promise<Entry | undefined> {
    const sid = normal(flow);
    const entry = await (this.fresh(sid) ?? this.loaded(sid));
    return entry?.account_sid === account ? entry : undefined;
  }

  private fresh(sid: string): Promise<Entry | undefined> | undefined {
    const found = this.entries.get(sid);
    return found && this.clock.monotonicMs() - found.at < ENTRY_LIFE_MS ? found.entry : undefined;
  }

  // The promise is what is kept, so that many starts of one flow ask once.
  private loaded(sid: string): Promise<Entry | undefined> {
    const cached = { at: this.clock.monotonicMs(), entry: this.read(sid) };
    const forget = (): void => {
      if (this.entries.get(sid) === cached) this.entries.delete(sid);
    };
    this.entries.set(sid, cached);
    cached.entry.then((entry) => entry ?? forget(), forget);
    return cached.entry;
  }

  private async read(sid: string): Promise<Entry | undefined> {
    const rows = await this.db.query<Entry>(
      `select f.account_sid, f.latest, r.valid as latest_valid, f.latest_published, f.test_users
         from flow f join flow_revision r on r.flow_sid = f.sid and r.revision = f.latest where f.sid = $1`,
      [sid],
    );
    return rows[0];
  }
}

// Flows are stored under identifiers in lower case; definitions may name them otherwise.
const normal = (sid: string): string => sid.slice(0, 2) + sid.slice(2).toLowerCase();

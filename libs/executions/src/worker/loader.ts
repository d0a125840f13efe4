import { type AccountSid, Defect, type ExecutionSid, type FlowSid } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { type CreateBody, COMMAND_KIND } from '../ingress/stored-command';
import type { Loaded } from './batch';
import { type Entry, STATUS, trackOpen } from './entry';
import type { EntryCache } from './entry-cache';
import type { LaneInput } from './inputs';
import type { ProgramRef, Programs } from './programs';
import { type Stored, readExecutions, readHolders, readStarts } from './reads';
import type { Rules } from './rules';

const NOTHING: Loaded = { entries: new Map(), unreadable: new Map(), holders: new Map(), starts: new Map() };

/** Brings what a batch needs into memory: executions that are not cached, programs that are not compiled. Usually there is nothing to do. */
export class Loader {
  constructor(
    private readonly db: Database,
    private readonly rules: Rules,
    private readonly programs: Programs,
    private readonly cache: EntryCache,
  ) {}

  /**
   * `careful`: after a conflict, look at every claim and every start too. Otherwise claims that memory does not know are taken to be free, which the
   * commit proves.
   */
  async load(inputs: readonly LaneInput[], careful: boolean): Promise<Loaded> {
    const loaded = careful ? await this.everything(inputs) : await this.missing(inputs);
    await this.compiled(inputs, loaded);
    return loaded;
  }

  /** One execution for whoever asks outside a batch: reconciliation. */
  async entry(sid: ExecutionSid): Promise<Entry | undefined> {
    const known = this.cache.get(sid);
    if (known) return known;
    const { entries, unreadable } = await this.read([sid]);
    const why = unreadable.get(sid);
    if (why !== undefined) throw new Defect(`the log of ${sid} cannot be read: ${why}`);
    return entries.get(sid);
  }

  private async missing(inputs: readonly LaneInput[]): Promise<Loaded> {
    const wanted = new Set<ExecutionSid>();
    for (const input of inputs) {
      const sid = executionOf(input);
      if (sid && !this.cache.get(sid)) wanted.add(sid);
    }
    return wanted.size === 0 ? NOTHING : { ...NOTHING, ...(await this.read([...wanted])) };
  }

  private async everything(inputs: readonly LaneInput[]): Promise<Loaded> {
    const holders = await readHolders(this.db, inputs.flatMap(keysOf));
    const wanted = new Set<ExecutionSid>([...holders.values(), ...inputs.flatMap((input) => [executionOf(input) ?? [], startOf(input) ?? []].flat())]);
    const { entries, unreadable } = await this.read([...wanted].filter((sid) => !this.cache.get(sid)));
    const unstarted = [...new Set(holders.values())].filter((sid) => !entries.has(sid) && !unreadable.has(sid) && !this.cache.get(sid));
    const bodies = unstarted.length === 0 ? [] : await readStarts(this.db, [...new Set(inputs.map(({ shard }) => shard))], unstarted);
    const starts = bodies.map((body) => JSON.parse(body) as CreateBody); // written by our own ingress
    return { entries, unreadable, holders, starts: new Map(starts.map((create) => [create.start.execution, create])) };
  }

  private async read(sids: readonly ExecutionSid[]): Promise<Pick<Loaded, 'entries' | 'unreadable'>> {
    const [entries, unreadable] = [new Map<ExecutionSid, Entry>(), new Map<ExecutionSid, string>()];
    for (const [sid, stored] of sids.length === 0 ? [] : await readExecutions(this.db, sids)) {
      const entry = folded(stored, this.rules);
      if (typeof entry === 'string') unreadable.set(sid, entry);
      else entries.set(sid, entry);
    }
    return { entries, unreadable };
  }

  private async compiled(inputs: readonly LaneInput[], loaded: Loaded): Promise<void> {
    const wanted = new Map<string, { readonly account: AccountSid; readonly ref: ProgramRef }>();
    const want = (account: AccountSid, ref: ProgramRef): void => {
      if (!this.programs.has(ref)) wanted.set(`${ref.flow}/${ref.revision}`, { account, ref });
    };
    for (const input of inputs) {
      if (input.from === 'inbox' && 'body' in input && 'start' in input.body) want(input.body.start.account, input.body.start);
      const sid = executionOf(input);
      const entry = sid && (this.cache.get(sid) ?? loaded.entries.get(sid));
      if (entry?.status === STATUS.active) for (const ref of this.refsOf(entry, input)) want(entry.account, ref);
    }
    for (const { start } of loaded.starts.values()) want(start.account, start);
    for (const sid of loaded.holders.values()) {
      const entry = this.cache.get(sid) ?? loaded.entries.get(sid);
      if (entry?.status === STATUS.active) for (const ref of this.rules.programsOf(entry.state)) want(entry.account, ref);
    }
    if (wanted.size > 0) await Promise.all([...wanted.values()].map(({ account, ref }) => this.programs.load(account, ref)));
  }

  private refsOf(entry: Entry, input: LaneInput): readonly ProgramRef[] {
    const refs = this.rules.programsOf(entry.state);
    const effect = input.from === 'effect' ? entry.effect?.effect : undefined;
    if (effect?.kind !== 'subflow.resolve' || input.from !== 'effect' || !input.outcome.ok) return refs;
    // The revision that the directory named (FlowDirectory.resolve); the flow's SID was checked when the definition was saved.
    return [...refs, { flow: effect.request.flowSid as FlowSid, revision: Number(input.outcome.payload['revision']) }];
  }
}

const executionOf = (input: LaneInput): ExecutionSid | undefined => {
  if (input.from !== 'inbox') return input.execution;
  return input.kind === COMMAND_KIND.input ? input.body.execution : input.hint !== startOf(input) ? input.hint : undefined;
};

const startOf = (input: LaneInput): ExecutionSid | undefined =>
  input.from === 'inbox' && (input.kind === COMMAND_KIND.create || input.kind === COMMAND_KIND.message) ? input.body.start.execution : undefined;

const keysOf = (input: LaneInput): readonly string[] =>
  input.from === 'inbox' && (input.kind === COMMAND_KIND.create || input.kind === COMMAND_KIND.message) ? input.body.keys : [];

/** Or why it cannot be folded: others of the batch go on (A12). */
const folded = (stored: Stored, rules: Rules): Entry | string => {
  if (stored.unreadable !== undefined) return stored.unreadable;
  try {
    return entryOf(stored, rules);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** The entry of a stored execution: the fold of its log (A11). */
export const entryOf = (stored: Stored, rules: Rules): Entry => {
  const { sid, account, flow, contact, address, revision, initiatedBy, status, reason, shard, snapshot, version, claims } = stored;
  const entry: Entry = {
    sid, account, flow, contact, address, revision, initiatedBy, status, reason, shard, snapshot, version, claims,
    state: rules.newState(), timer: undefined, effect: undefined, reported: undefined, bounded: false, twiml: undefined, sprintsSince: 0, charactersSince: 0, doors: [],
  };
  for (const sprint of stored.sprints) {
    const from = sprint.events.findIndex(({ type }) => type === 'SnapshotTaken');
    rules.evolve(entry.state, from === -1 ? sprint.events : sprint.events.slice(from), sprint.atMs);
    trackOpen(entry, sprint.events, sprint.version, sprint.atMs);
    if (from !== -1) continue;
    entry.sprintsSince++;
    entry.charactersSince += sprint.characters;
  }
  return entry;
};

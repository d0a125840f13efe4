/**
 * What executions ask of flow-service.
 *
 * F1. Entries of flows are kept a short while, so that starts of many contacts ask once. An event of the flow drops its entry, and an answer that was
 *     under way meanwhile is not kept.
 * F2. "There is none" and "none is published" are never said from memory, nor by an answer that was under way before the question: a flow just
 *     created or published for the first time runs at once.
 * F3. A subflow reference is always asked for. Definitions of revisions never change and are kept while there is room.
 * F4. The service away: a Fault. What is still in memory is said until its time is over.
 */
import { type AccountSid, type FlowChoice, type FlowDirectory, type FlowEntry, type FlowSid, type PublicEvent, type RevisionName, Fault, choiceOf } from '@atelier/contracts';
import { type Clock, type InternalClient, NextAnswer } from '@atelier/platform';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';

const LIFE_MS = 4_000; // what a lost event costs, at most
const ENTRIES_MAX = 10_000;
const DEFINITION_CHARACTERS_MAX = 64 * 1024 * 1024; // of all kept definitions together

const entryAnswer = z.object({
  flow: z
    .object({
      account_sid: z.string(),
      latest: z.int(),
      latest_valid: z.boolean(),
      latest_published: z.int().nullable(),
      test_users: z.array(z.string()),
    })
    .nullable(),
});
const revisionAnswer = z.object({ revision: z.int().nullable() });
const definitionAnswer = z.object({ definition: z.string().nullable() });

/** A FlowDirectory that hears of changes. */
export type RemoteFlowDirectory = FlowDirectory & {
  /** An event of `atelier.flows.events`: its flow is looked up again. */
  changed(event: PublicEvent): void;
};

/** Over the internal routes of flow-service. */
export const createRemoteFlowDirectory = (client: Pick<InternalClient, 'ask'>, clock: Pick<Clock, 'monotonicMs'>): RemoteFlowDirectory => new RemoteFlows(client, clock);

class RemoteFlows implements RemoteFlowDirectory {
  private readonly entries = new LRUCache<string, { readonly at: number; readonly entry: FlowEntry }>({ max: ENTRIES_MAX });
  private readonly definitions = new LRUCache<string, string>({ maxSize: DEFINITION_CHARACTERS_MAX, sizeCalculation: (text) => text.length + 1 });
  private readonly entryOf = new NextAnswer((flow) => this.askedEntry(flow as FlowSid)); // only `choose` asks
  private readonly revisionOf = new NextAnswer((key) => this.askedRevision(...(JSON.parse(key) as [AccountSid, FlowSid, RevisionName]))); // written by `resolve`
  private readonly definitionOf = new Map<string, Promise<string | undefined>>();
  private changes = 0;

  constructor(
    private readonly client: Pick<InternalClient, 'ask'>,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  async choose(account: AccountSid, flow: FlowSid, contact: string): Promise<FlowChoice> {
    const sid = normal(flow);
    const known = this.entries.get(sid);
    const choice = known && this.clock.monotonicMs() - known.at < LIFE_MS ? choiceOf(known.entry, account, contact) : undefined;
    return choice?.kind === 'found' ? choice : choiceOf(await this.entryOf.get(sid), account, contact); // keeps F2
  }

  resolve(account: AccountSid, flow: FlowSid, name: RevisionName): Promise<number | undefined> {
    return this.revisionOf.get(JSON.stringify([account, normal(flow), name])); // keeps F3
  }

  async definition(account: AccountSid, flow: FlowSid, revision: number): Promise<string | undefined> {
    const key = `${account} ${normal(flow)} ${revision}`;
    const known = this.definitions.get(key);
    if (known !== undefined) return known;
    const asking = this.definitionOf.get(key) ?? this.askedDefinition(account, normal(flow), revision).finally(() => this.definitionOf.delete(key));
    this.definitionOf.set(key, asking);
    const text = await asking;
    if (text !== undefined) this.definitions.set(key, text);
    return text;
  }

  changed({ data: { flow_sid: flow } }: PublicEvent): void {
    this.changes++; // keeps F1
    if (typeof flow === 'string') this.entries.delete(flow);
    else this.entries.clear();
  }

  private async askedEntry(flow: FlowSid): Promise<FlowEntry | undefined> {
    const { changes } = this;
    const at = this.clock.monotonicMs();
    const { flow: found } = await this.answer('flow', { flow_sid: flow }, entryAnswer);
    if (!found) return undefined;
    const { account_sid, latest, latest_valid: isLatestValid, latest_published: latestPublished, test_users: testUsers } = found;
    const entry: FlowEntry = { accountSid: account_sid as AccountSid, latest, isLatestValid, latestPublished, testUsers }; // from the rows of flows
    if (changes === this.changes) this.entries.set(flow, { at, entry });
    return entry;
  }

  private async askedRevision(account: AccountSid, flow: FlowSid, name: RevisionName): Promise<number | undefined> {
    const { revision } = await this.answer('flow-revision', { account_sid: account, flow_sid: flow, name }, revisionAnswer);
    return revision ?? undefined;
  }

  private async askedDefinition(account: AccountSid, flow: FlowSid, revision: number): Promise<string | undefined> {
    const { definition } = await this.answer('flow-definition', { account_sid: account, flow_sid: flow, revision }, definitionAnswer);
    return definition ?? undefined;
  }

  private async answer<S extends z.ZodObject>(route: string, question: object, schema: S): Promise<z.infer<S>> {
    const answer: unknown = await this.client.ask(route, question).catch((error: unknown) => {
      throw error instanceof Fault ? error : new Fault(`flow-service refused ${route}: ${error instanceof Error ? error.message : String(error)}`); // its questions are ours
    });
    const { data } = schema.safeParse(answer);
    if (!data) throw new Fault(`flow-service answered ${route} in a form that is not ours`);
    return data as z.infer<S>; // zod's own inference of a generic schema
  }
}

// Flows are stored under identifiers in lower case; definitions may name them otherwise.
const normal = (sid: FlowSid): FlowSid => `FW${sid.slice(2).toLowerCase()}`;

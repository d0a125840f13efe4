import { Fault, type FlowSid, type Meta, Rejection } from '@atelier/contracts';
import { ConcurrencyConflict, type EventStore, handle } from '@atelier/event-store';
import { newSid } from '@atelier/platform';
import { type Definitions, type JudgedDefinition, assertPublishable, invalidDefinition } from './definitions';
import { type FlowCommand, type Judged, flows } from './flow.decider';
import type { FlowEvent, FlowStatus } from './flow.events';
import type { FlowTables } from './flow-tables';
import { inTurn } from './in-turn';
import type { TextStore } from './text-store';

/** What a save may say; what is left out stays as it is. */
export type SaveFlow = {
  readonly status: FlowStatus;
  readonly friendlyName?: string | undefined;
  readonly definition?: string | undefined;
  readonly commitMessage?: string | undefined;
};
export type CreateFlow = SaveFlow & { readonly friendlyName: string; readonly definition: string };
export type ImportFlow = CreateFlow & { readonly flowSid?: FlowSid | undefined; readonly coerce: boolean; readonly danglingNext: 'end' | 'keep' };

/** Which flow and revision a save made. */
export type SavedFlow = { readonly sid: FlowSid; readonly revision: number };

/** Load, decide, append. What it saved can be read back at once. */
export class FlowService {
  private readonly oneByOne = inTurn();

  constructor(
    private readonly store: EventStore,
    private readonly tables: FlowTables,
    private readonly definitions: Definitions,
    private readonly texts: TextStore,
  ) {}

  /** A definition with errors is refused in both statuses (81022). */
  async create(flow: CreateFlow, meta: Meta): Promise<SavedFlow> {
    const definition = await this.accepted(flow.definition, flow.status, meta);
    return this.createFrom(newSid('FW'), flow, definition, meta);
  }

  /** Keeps a draft in spite of errors in properties or dangling ends; a FlowSid that was ever used is a conflict. */
  async import(flow: ImportFlow, meta: Meta): Promise<SavedFlow> {
    const definition = await this.definitions.imported(meta.accountSid, flow.definition, flow);
    if (flow.status === 'published') assertPublishable(definition);
    return this.createFrom(flow.flowSid ?? newSid('FW'), flow, definition, meta);
  }

  /** Every accepted update is a revision. Without a definition the current one stays, and is published if the status says so. */
  update(sid: FlowSid, flow: SaveFlow, expected: number | undefined, meta: Meta): Promise<SavedFlow> {
    return this.onFlow(sid, 'update', meta, async () => {
      await this.tables.assertPresent(meta.accountSid, sid); // 404 before any word about the definition
      const judged = flow.definition === undefined ? await this.current(sid, flow.status, meta) : await this.stored(await this.accepted(flow.definition, flow.status, meta));
      const { status, friendlyName, commitMessage = null } = flow;
      const [event] = await this.append(sid, { type: 'SaveRevision', data: { ...byWhom(meta), status, friendlyName, commitMessage, judged, expected } }, meta);
      return { sid, revision: revisionOf(event) };
    });
  }

  async delete(sid: FlowSid, expected: number | undefined, meta: Meta): Promise<void> {
    await this.onFlow(sid, 'delete', meta, () => this.append(sid, { type: 'DeleteFlow', data: { accountSid: meta.accountSid, expected } }, meta));
  }

  async replaceTestUsers(sid: FlowSid, testUsers: readonly string[], meta: Meta): Promise<void> {
    const data = { accountSid: meta.accountSid, testUsers: [...new Set(testUsers)] };
    await this.onFlow(sid, 'update', meta, () => this.append(sid, { type: 'ReplaceTestUsers', data }, meta));
  }

  /** Throws what a create with the same values would throw. */
  async validate({ definition, status }: CreateFlow, meta: Meta): Promise<void> {
    await this.accepted(definition, status, meta);
  }

  private async createFrom(flowSid: FlowSid, flow: CreateFlow, definition: JudgedDefinition, meta: Meta): Promise<SavedFlow> {
    const { status, friendlyName, commitMessage = null } = flow;
    const judged = await this.stored(definition);
    const [event] = await this.append(flowSid, { type: 'CreateFlow', data: { ...byWhom(meta), flowSid, status, friendlyName, commitMessage, judged } }, meta);
    return { sid: flowSid, revision: revisionOf(event) };
  }

  private async accepted(text: string, status: FlowStatus, meta: Meta): Promise<JudgedDefinition> {
    const definition = await this.definitions.judged(meta.accountSid, text);
    if (definition.errors.length > 0) throw invalidDefinition(definition.errors, definition.warnings);
    if (status === 'published') assertPublishable(definition);
    return definition;
  }

  // Judged again before it is published: subflows may have grown since it was saved.
  private async current(sid: FlowSid, status: FlowStatus, meta: Meta): Promise<undefined> {
    if (status === 'draft') return;
    const { definition } = await this.tables.flow(meta.accountSid, sid);
    assertPublishable(await this.definitions.judged(meta.accountSid, definition));
  }

  private async stored({ text, errors, warnings, widgets }: JudgedDefinition): Promise<Judged> {
    const definitionSha256 = await this.texts.put(text);
    const reportSha256 = errors.length + warnings.length > 0 ? await this.texts.put(JSON.stringify({ errors, warnings })) : null;
    return { definitionSha256, reportSha256, valid: errors.length === 0, widgets };
  }

  /** A change of another account's flow is answered like that of a missing one, and recorded with the account that tried (invariant A10). */
  private onFlow<T>(sid: FlowSid, action: 'update' | 'delete', meta: Meta, work: () => Promise<T>): Promise<T> {
    return this.oneByOne(sid, work).catch(async (error: unknown) => {
      if (error instanceof Rejection && error.name === 'NotFound' && (await this.isForeign(sid, meta))) await this.denied(sid, action, meta);
      throw error;
    });
  }

  private async isForeign(sid: FlowSid, { accountSid }: Meta): Promise<boolean> {
    const [created] = (await this.store.read(sid)) as readonly FlowEvent[]; // a flow's stream holds nothing else
    return created?.type === 'FlowCreated' && created.data.accountSid !== accountSid;
  }

  private async denied(flowSid: FlowSid, action: 'update' | 'delete', meta: Meta): Promise<void> {
    const event = { type: 'FlowAccessDenied', data: { flowSid, action } } satisfies FlowEvent;
    await this.store.append([{ stream: meta.requestSid ?? newSid('RQ'), expectedVersion: 0, events: [event], meta }]);
  }

  private append(sid: FlowSid, command: FlowCommand, meta: Meta): Promise<readonly FlowEvent[]> {
    return handle(this.store, flows, sid, command, meta).catch((error: unknown) => {
      if (!(error instanceof ConcurrencyConflict)) throw error;
      throw new Fault(`expected flow ${sid} to stand still for one save, found it saved elsewhere again and again`);
    });
  }
}

// Unspecified by Twilio: the author is a console user; calls by key or token have none, the audit record names the key.
const byWhom = ({ accountSid, actorType, actorSid }: Meta) => ({ accountSid, authorSid: actorType === 'user' ? actorSid : null });

const revisionOf = (event: FlowEvent | undefined): number => (event && 'revision' in event.data ? event.data.revision : 0);

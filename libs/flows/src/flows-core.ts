import type { FlowDirectory } from '@atelier/contracts';
import type { TopicSource } from '@atelier/bus';
import { type EventStore, createEventStore, topicSourceOf } from '@atelier/event-store';
import { type Clock, type Database, systemClock } from '@atelier/platform';
import { type DefinitionSettings, Definitions } from './definitions';
import { CachedFlowDirectory } from './flow-directory';
import { FlowService } from './flow.service';
import { FlowTables } from './flow-tables';
import { flowTable } from './projections/flow.projection';
import { revisionTable } from './projections/revision.projection';
import { FLOWS_LOG, publicFlowEvent } from './publish';
import { TextStore } from './text-store';

/** The context without HTTP: what a worker thread needs, and what the REST side stands on. */
export type FlowsCore = {
  readonly service: FlowService;
  readonly tables: FlowTables;
  /** What `executions` asks; `entry` is for those who ask from another process. */
  readonly directory: FlowDirectory & Pick<CachedFlowDirectory, 'entry'>;
  /** `atelier.flows.events`. */
  readonly topic: TopicSource;
  readonly store: EventStore;
};

/** Token of the FlowsCore in Nest. */
export const FLOWS_CORE = Symbol('FlowsCore');

export type FlowsOptions = { readonly definitions?: DefinitionSettings; readonly clock?: Clock };

/** What can be built again from the context's log. */
export const FLOWS_PROJECTIONS = [flowTable, revisionTable] as const;

/** Over a database that was opened with FLOWS_MIGRATIONS; the caller closes it. */
export const createFlowsCore = (database: Database, { definitions = {}, clock = systemClock }: FlowsOptions = {}): FlowsCore => {
  const store = createEventStore(database, { projections: FLOWS_PROJECTIONS, clock });
  const tables = new FlowTables(database);
  return {
    tables,
    store,
    service: new FlowService(store, tables, new Definitions(tables, definitions), new TextStore(database)),
    directory: new CachedFlowDirectory(database, store, clock),
    topic: topicSourceOf(store, { topic: 'atelier.flows.events', log: FLOWS_LOG, publish: publicFlowEvent }),
  };
};

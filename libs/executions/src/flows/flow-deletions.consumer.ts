/**
 * Reads the events topic of flows: a deleted flow takes its active executions with it, by commands that their owners decide. A repeat: dropped by its
 * position, and harmless before that, for what has ended stays as it is. From the past: the same. Not a deletion: its position moves on. The store
 * away: the shard waits.
 */
import { type Batch, type Bus, type ConsumerGroup, BusServer, Consumes } from '@atelier/bus';
import { type AccountSid, type FlowSid, type PublicEvent, Rejection, isSid } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { Ingress } from '../ingress/ingress.port';
import type { ExecutionReader } from '../store/execution-reader.port';
import { SourcePositions } from '../store/source-positions';

const GROUP = 'executions';
const PAGE = 500;

/** Ends the executions of deleted flows, and knows how far it has read. */
export class FlowDeletions {
  private readonly positions: SourcePositions;

  constructor(
    db: Database,
    private readonly ingress: Ingress,
    private readonly reader: Pick<ExecutionReader, 'list'>,
  ) {
    this.positions = new SourcePositions(db, GROUP);
  }

  readonly group: ConsumerGroup = {
    group: GROUP,
    position: (log, shard) => this.positions.of(log, shard),
    deadLetter: (letter) => this.positions.park(letter),
  };

  /** Commands first, position last: a crash in between repeats commands, which changes nothing. */
  async handle(batch: Batch): Promise<void> {
    for (const event of await this.positions.fresh(batch)) await this.endAll(event);
    await this.positions.passed(batch);
  }

  /** Of one event, whatever its position; any event but a deletion changes nothing. */
  async endAll({ type, data: { account_sid: account, flow_sid: flow } }: PublicEvent): Promise<void> {
    if (type !== 'flow.deleted') return;
    if (!isSid('AC', account) || !isSid('FW', flow)) throw new Rejection('InvalidParameter', { message: 'Expected account_sid and flow_sid of the deleted flow' });
    for (let page = await this.active(account, flow); page.length > 0; page = await this.active(account, flow, page.at(-1)))
      await Promise.all(page.map((execution) => this.ingress.command({ account, execution, input: { type: 'End', reason: 'DELETED' } })));
  }

  private async active(account: AccountSid, flow: FlowSid, before?: Parameters<Ingress['command']>[0]['execution']) {
    const found = await this.reader.list(account, flow, { status: 'active', limit: PAGE, ...(before && { before }) });
    return found.map(({ sid }) => sid);
  }
}

/** The handler of a Nest application; `flowsServer` is its transport. */
@Controller()
export class FlowsConsumer {
  constructor(@Inject(FlowDeletions) private readonly deletions: FlowDeletions) {}

  @Consumes('atelier.flows.events', GROUP)
  flows(@Payload() batch: Batch): Promise<void> {
    return this.deletions.handle(batch);
  }
}

/** For `app.connectMicroservice({ strategy })`, before `app.startAllMicroservices()`. */
export const flowsServer = (bus: Bus, deletions: FlowDeletions): BusServer => new BusServer(bus, deletions.group);

/** The same without Nest; answers how to stop. */
export const consumeFlows = (bus: Bus, deletions: FlowDeletions): Promise<() => Promise<void>> =>
  bus.subscribe({ ...deletions.group, topic: 'atelier.flows.events', handle: (batch) => deletions.handle(batch) });

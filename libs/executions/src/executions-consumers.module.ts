import { type DynamicModule, Module } from '@nestjs/common';
import { FlowDeletions, FlowsConsumer } from './flows/flow-deletions.consumer';
import { LateDeletions, LateDeletionsConsumer } from './flows/late-deletions.consumer';
import { Triggers, TriggersConsumer } from './triggers/triggers.consumer';

export type ExecutionsConsumers = { readonly deletions: FlowDeletions; readonly late: LateDeletions; readonly triggers: Triggers };

/** What the context reads of other topics, for applications whose transports are `flowsServer`, `lateDeletionsServer` and `triggersServer`. */
@Module({})
export class ExecutionsConsumersModule {
  static with({ deletions, late, triggers }: ExecutionsConsumers): DynamicModule {
    return {
      module: ExecutionsConsumersModule,
      controllers: [FlowsConsumer, LateDeletionsConsumer, TriggersConsumer],
      providers: [
        { provide: FlowDeletions, useValue: deletions },
        { provide: LateDeletions, useValue: late },
        { provide: Triggers, useValue: triggers },
      ],
    };
  }
}

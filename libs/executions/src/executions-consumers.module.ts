import { type DynamicModule, Module } from '@nestjs/common';
import { FlowDeletions, FlowsConsumer } from './flows/flow-deletions.consumer';
import { Triggers, TriggersConsumer } from './triggers/triggers.consumer';

/** What the context reads of other topics, for applications whose transports are `flowsServer` and `triggersServer`. */
@Module({})
export class ExecutionsConsumersModule {
  static with({ deletions, triggers }: { readonly deletions: FlowDeletions; readonly triggers: Triggers }): DynamicModule {
    return {
      module: ExecutionsConsumersModule,
      controllers: [FlowsConsumer, TriggersConsumer],
      providers: [
        { provide: FlowDeletions, useValue: deletions },
        { provide: Triggers, useValue: triggers },
      ],
    };
  }
}

import { TopicsModule } from '@atelier/bus';
import { HealthRegistry, MetricsRegistry, deadLettersController } from '@atelier/rest-kit';
import { type DynamicModule, Inject, Module } from '@nestjs/common';
import { AuditStore } from './audit-store';
import { AuditConsumer } from './audit.consumer';
import { AuditDeadLetters } from './dead-letters';
import { EventsController } from './http/events.controller';

const LETTERS = Symbol('AuditDeadLetters');

/** The REST side of audit, and its handlers for applications whose transport is `auditServer`. */
@Module({})
export class AuditModule {
  constructor(
    @Inject(HealthRegistry) health: HealthRegistry,
    @Inject(MetricsRegistry) metrics: MetricsRegistry,
    @Inject(AuditStore) store: AuditStore,
    @Inject(LETTERS) letters: AuditDeadLetters,
  ) {
    health.addCheck('audit', () => store.topic.end(0));
    metrics.add(letters.metrics());
  }

  static with({ store }: { readonly store: AuditStore }): DynamicModule {
    return {
      module: AuditModule,
      imports: [TopicsModule.with([store.topic])],
      controllers: [EventsController, AuditConsumer, deadLettersController('atelier/v1/Operations/Audit/DeadLetters', LETTERS)],
      providers: [
        { provide: AuditStore, useValue: store },
        { provide: LETTERS, useValue: new AuditDeadLetters(store) },
      ],
      exports: [AuditStore],
    };
  }
}

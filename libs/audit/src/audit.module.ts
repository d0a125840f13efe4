import { TopicsModule } from '@atelier/bus';
import { HealthRegistry } from '@atelier/rest-kit';
import { type DynamicModule, Inject, Module } from '@nestjs/common';
import { AuditStore } from './audit-store';
import { AuditConsumer } from './audit.consumer';
import { EventsController } from './http/events.controller';

/** The REST side of audit, and its handlers for applications whose transport is `auditServer`. */
@Module({})
export class AuditModule {
  constructor(@Inject(HealthRegistry) health: HealthRegistry, @Inject(AuditStore) store: AuditStore) {
    health.addCheck('audit', () => store.topic.end(0));
  }

  static with({ store }: { readonly store: AuditStore }): DynamicModule {
    return {
      module: AuditModule,
      imports: [TopicsModule.with([store.topic])],
      controllers: [EventsController, AuditConsumer],
      providers: [{ provide: AuditStore, useValue: store }],
      exports: [AuditStore],
    };
  }
}

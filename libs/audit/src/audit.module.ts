import { type DynamicModule, Module } from '@nestjs/common';
import { AuditStore } from './audit-store';
import { EventsController } from './http/events.controller';

/** The REST side of audit. */
@Module({})
export class AuditModule {
  static with({ store }: { readonly store: AuditStore }): DynamicModule {
    return { module: AuditModule, controllers: [EventsController], providers: [{ provide: AuditStore, useValue: store }] };
  }
}

import { TopicsModule } from '@atelier/bus';
import { definitionJsonSchema, widgetSchemas } from '@atelier/flow-definition';
import { HealthRegistry, INTERNAL_TOKEN, SchemaRegistry } from '@atelier/rest-kit';
import { type DynamicModule, Inject, Module } from '@nestjs/common';
import { FLOWS_CORE, type FlowsCore } from './flows-core';
import { FlowsController } from './http/flows.controller';
import { FlowsV1Controller } from './http/flows-v1.controller';
import { ImportController } from './http/import.controller';
import { InternalController } from './http/internal.controller';
import { RevisionsController } from './http/revisions.controller';
import { TestUsersController } from './http/test-users.controller';

/** The REST side of flows. */
@Module({})
export class FlowsModule {
  constructor(@Inject(SchemaRegistry) schemas: SchemaRegistry, @Inject(HealthRegistry) health: HealthRegistry, @Inject(FLOWS_CORE) core: FlowsCore) {
    schemas.add('flow-definition.json', definitionJsonSchema);
    for (const type of Object.keys(widgetSchemas())) schemas.add(`widgets/${type}.json`, () => widgetSchemas()[type] ?? {});
    health.addCheck('flows', () => core.store.end());
  }

  /** Without an internal token, `/internal/v1` is not served. */
  static with({ core, internalToken }: { readonly core: FlowsCore; readonly internalToken?: string | undefined }): DynamicModule {
    const isAsked = internalToken !== undefined;
    return {
      module: FlowsModule,
      imports: [TopicsModule.with([core.topic])],
      controllers: [FlowsController, RevisionsController, TestUsersController, FlowsV1Controller, ImportController, ...(isAsked ? [InternalController] : [])],
      providers: [{ provide: FLOWS_CORE, useValue: core }, ...(isAsked ? [{ provide: INTERNAL_TOKEN, useValue: internalToken }] : [])],
      exports: [FLOWS_CORE],
    };
  }
}

import { TopicsModule } from '@atelier/bus';
import { type DynamicModule, Module } from '@nestjs/common';
import { ExecutionDoor } from './http/execution-door';
import { EXECUTION_CONTROLLERS } from './http/executions.controller';
import { EXECUTIONS_HTTP, type ExecutionsHttp } from './http/executions-http';
import { STEP_CONTROLLERS } from './http/steps.controller';
import { TopicsController } from './triggers/topics.controller';
import { FlowWebhook } from './webhooks/flow.webhook';
import { WebhookDoor } from './webhooks/webhook-door';

/** The HTTP side of executions: webhooks, REST, topics. It writes the inbox and reads rows; workers may run anywhere. */
@Module({})
export class ExecutionsModule {
  static with(http: ExecutionsHttp): DynamicModule {
    return {
      module: ExecutionsModule,
      imports: [TopicsModule.with(http.topics)],
      controllers: [...EXECUTION_CONTROLLERS, ...STEP_CONTROLLERS, TopicsController, FlowWebhook],
      providers: [
        { provide: EXECUTIONS_HTTP, useValue: http },
        { provide: ExecutionDoor, useValue: new ExecutionDoor(http) },
        { provide: WebhookDoor, useValue: new WebhookDoor(http) },
      ],
      exports: [EXECUTIONS_HTTP],
    };
  }
}

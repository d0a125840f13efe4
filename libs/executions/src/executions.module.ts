import { TopicsModule } from '@atelier/bus';
import { HealthRegistry, MetricsRegistry, deadLettersController } from '@atelier/rest-kit';
import { type DynamicModule, Inject, Module } from '@nestjs/common';
import { ExecutionDoor } from './http/execution-door';
import { EXECUTION_CONTROLLERS } from './http/executions.controller';
import { EXECUTIONS_HTTP, type ExecutionsHttp } from './http/executions-http';
import { STEP_CONTROLLERS } from './http/steps.controller';
import { ExecutionsDeadLetters } from './operations/dead-letters';
import { ParkedInputs } from './operations/parked-inputs';
import { ParkedInputsController } from './operations/parked-inputs.controller';
import { TopicsController } from './triggers/topics.controller';
import { FlowWebhook } from './webhooks/flow.webhook';
import { WebhookDoor } from './webhooks/webhook-door';

const LETTERS = Symbol('ExecutionsDeadLetters');

/** The HTTP side of executions: webhooks, REST, topics. It writes the inbox and reads rows; workers may run anywhere. */
@Module({})
export class ExecutionsModule {
  constructor(@Inject(HealthRegistry) health: HealthRegistry, @Inject(MetricsRegistry) metrics: MetricsRegistry, @Inject(EXECUTIONS_HTTP) http: ExecutionsHttp) {
    health.addCheck('executions', () => http.db.query('select 1'));
    metrics.add(http.metrics);
  }

  static with(http: ExecutionsHttp): DynamicModule {
    return {
      module: ExecutionsModule,
      imports: [TopicsModule.with(http.topics)],
      controllers: [...EXECUTION_CONTROLLERS, ...STEP_CONTROLLERS, TopicsController, FlowWebhook, ParkedInputsController, deadLettersController('atelier/v1/Operations/Executions/DeadLetters', LETTERS)],
      providers: [
        { provide: EXECUTIONS_HTTP, useValue: http },
        { provide: ExecutionDoor, useValue: new ExecutionDoor(http) },
        { provide: ParkedInputs, useValue: http.parked },
        { provide: LETTERS, useValue: new ExecutionsDeadLetters({ ...http, doors: http }) },
        { provide: WebhookDoor, useValue: new WebhookDoor(http) },
      ],
      exports: [EXECUTIONS_HTTP],
    };
  }
}

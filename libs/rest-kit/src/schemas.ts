import { Rejection, auditEvent, publicEvent, triggerRecord, triggerResult } from '@atelier/contracts';
import { Controller, Get, Inject, Injectable, Req } from '@nestjs/common';
import { z } from 'zod';
import { Public } from './authentication';
import { type EdgeRequest, pathOf } from './edge';

const ROOT = '/schemas/';

/** What stands on topics, whoever serves the schemas: producers and consumers need no service of ours to know it by heart. */
const TOPIC_SCHEMAS = {
  'topics/event.json': publicEvent,
  'topics/audit-event.json': auditEvent,
  'topics/trigger.json': triggerRecord,
  'topics/trigger-result.json': publicEvent.extend({ type: z.literal('atelier.trigger.result.v1'), data: triggerResult }),
} as const;

/** JSON Schemas that contexts publish, by path below `/schemas/`, such as `widgets/send-message.json`. */
@Injectable()
export class SchemaRegistry {
  private readonly schemas = new Map<string, () => object>();

  constructor() {
    for (const [path, schema] of Object.entries(TOPIC_SCHEMAS)) this.add(path, () => z.toJSONSchema(schema, { io: 'input' }));
  }

  /** The schema is made when it is first asked for. */
  add(path: string, schema: () => object): void {
    let made: object | undefined;
    this.schemas.set(path, () => (made ??= schema()));
  }

  paths(): readonly string[] {
    return [...this.schemas.keys()].sort();
  }

  find(path: string): object | undefined {
    return this.schemas.get(path)?.();
  }
}

@Controller('schemas')
@Public()
export class SchemasController {
  constructor(@Inject(SchemaRegistry) private readonly schemas: SchemaRegistry) {}

  @Get()
  list(@Req() request: EdgeRequest): object {
    return { schemas: this.schemas.paths().map((path) => request.server.edge.publicUrl + ROOT + path) };
  }

  @Get('*')
  fetch(@Req() request: EdgeRequest): object {
    const schema = this.schemas.find(pathOf(request).slice(ROOT.length));
    if (!schema) throw new Rejection('NotFound');
    return schema;
  }
}

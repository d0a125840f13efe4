import { Controller, Get, Inject, Injectable, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { Public } from './authentication';
import { type DocumentedParameter, takeDocumentedParameters } from './documented-parameters';
import type { EdgeRequest } from './edge';
import { completed } from './openapi-operations';
import { RouteTable } from './route-table';

const VERSION = '3.1.0'; // the first whose schemas are JSON Schema, which is what zod makes

/** The OpenAPI document of all routes, made when it is first asked for. */
@Injectable()
export class OpenApi {
  private application: NestFastifyApplication | undefined;
  private document: Promise<object> | undefined;

  constructor(@Inject(RouteTable) private readonly routes: RouteTable) {}

  attach(application: NestFastifyApplication): void {
    this.application = application;
  }

  of(publicUrl: string): Promise<object> {
    return (this.document ??= this.made(publicUrl));
  }

  private async made(publicUrl: string): Promise<object> {
    if (!this.application) throw new Error('expected the application to be attached');
    const swagger = await import('@nestjs/swagger');
    for (const documented of takeDocumentedParameters()) describe(swagger, documented);
    const config = new swagger.DocumentBuilder()
      .setOpenAPIVersion(VERSION)
      .setTitle('Atelier')
      .setDescription('Studio flows on your own machines: the Studio, Monitor, Keys and Accounts APIs, and the routes of Atelier itself.')
      .setVersion('1')
      .addServer(publicUrl)
      .addBasicAuth()
      .addSecurityRequirements('basic')
      .build();
    return completed(swagger.SwaggerModule.createDocument(this.application, config), this.routes.all());
  }
}

@Controller('openapi.json')
@Public()
export class OpenApiController {
  constructor(@Inject(OpenApi) private readonly openApi: OpenApi) {}

  @Get()
  fetch(@Req() request: EdgeRequest): Promise<object> {
    return this.openApi.of(request.server.edge.publicUrl);
  }
}

type Swagger = typeof import('@nestjs/swagger');
type PropertySchema = { readonly description?: string };

const describe = (swagger: Swagger, { target, key, kind, schema }: DocumentedParameter): void => {
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  if (!descriptor) return;
  const { properties = {}, required = [], ...rest } = jsonSchemaOf(schema);
  if (kind === 'form') {
    swagger.ApiConsumes('application/x-www-form-urlencoded', 'application/json')(target, key, descriptor);
    swagger.ApiBody({ schema: { ...rest, properties, required } as object })(target, key, descriptor);
    return;
  }
  for (const [name, property] of Object.entries(properties))
    swagger.ApiQuery({ name, required: required.includes(name), schema: property, ...(property.description && { description: property.description }) })(target, key, descriptor);
};

const jsonSchemaOf = (schema: z.ZodObject) => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as { properties?: Record<string, PropertySchema>; required?: string[] }; // of an object schema
};

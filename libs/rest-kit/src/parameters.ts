import { type Sid, type SidPrefix, Rejection, isSid } from '@atelier/contracts';
import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import { z } from 'zod';
import { documentParameter } from './documented-parameters';
import type { EdgeRequest } from './edge';
import { isStorable } from './text';

/** The request's body (form or JSON object) as this schema reads it. A mistake is 400/20001 in Twilio's words; unknown names are ignored. */
export const Form = (schema: z.ZodObject): ParameterDecorator =>
  documented('form', schema, parameter((request) => parsed(schema, recordOf(request.body), 'in the post body')));

/** The query's parameters, the same way. */
export const Query = (schema: z.ZodObject): ParameterDecorator =>
  documented('query', schema, parameter((request) => parsed(schema, recordOf(request.query), 'in the query string')));

/**
 * An identifier in the path, in lower case; anything else is 404. Unspecified by Twilio: identifiers are compared without regard to case.
 */
export const SidParam = (name: string, ...prefixes: readonly [SidPrefix, ...SidPrefix[]]): ParameterDecorator =>
  parameter((request) => sidOfPath((request.params as Record<string, string>)[name] ?? '', prefixes)); // Fastify types params by route only

/** The base of every URL in an answer, without a slash at its end. */
export const PublicUrl = (): ParameterDecorator => parameter((request) => request.server.edge.publicUrl);

/** The normal spelling of an identifier. */
export const normalSid = <S extends Sid>(sid: S): S => (sid.slice(0, 2) + sid.slice(2).toLowerCase()) as S; // hex digits, whatever their case

const sidOfPath = (text: string, prefixes: readonly SidPrefix[]): Sid => {
  const prefix = prefixes.find((each) => isSid(each, text));
  if (!prefix) throw new Rejection('NotFound');
  return normalSid(text as Sid); // isSid found it to be one
};

/** Reads parameters by a schema or throws the Rejection of its first mistake. */
export const parsed = <S extends z.ZodObject>(schema: S, input: Readonly<Record<string, unknown>>, where: string): z.infer<S> => {
  const unstorable = Object.keys(schema.shape).find((name) => !isStorableValue(input[name]));
  if (unstorable !== undefined) throw invalidParameter(unstorable, 'must not contain U+0000 or a lone surrogate');
  const { data, error } = schema.safeParse(input);
  if (!error) return data as z.infer<S>;
  const [issue] = error.issues;
  const name = String(issue?.path[0] ?? '');
  if (name !== '' && input[name] === undefined) throw new Rejection('InvalidParameter', { message: `Missing required parameter ${name} ${where}` });
  throw invalidParameter(name, issue?.message ?? 'not valid');
};

/** 400/20001 that names the parameter. */
export const invalidParameter = (name: string, why: string): Rejection => new Rejection('InvalidParameter', { message: `Invalid parameter ${name}: ${why}` });

const isStorableValue = (value: unknown): boolean =>
  typeof value === 'string' ? isStorable(value) : Array.isArray(value) ? value.every(isStorableValue) : true;

const recordOf = (value: unknown): Readonly<Record<string, unknown>> => {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new Rejection('MalformedBody', { message: 'Expected a form or a JSON object as request body' });
  return value as Record<string, unknown>; // an object that is no array
};

/** A parameter decorator from a function of the request. */
export const parameter = <T>(read: (request: EdgeRequest) => T): ParameterDecorator =>
  createParamDecorator((_: unknown, context: ExecutionContext) => read(context.switchToHttp().getRequest<EdgeRequest>()))();

/** A parameter decorator that the OpenAPI document describes by this schema. */
export const documented =
  (kind: 'form' | 'query', schema: z.ZodObject, decorate: ParameterDecorator): ParameterDecorator =>
  (target, key, index) => {
    decorate(target, key, index);
    if (key !== undefined) documentParameter({ target, key, kind, schema });
  };

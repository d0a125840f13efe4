import { type ErrorName, ERRORS, Fault, Rejection } from '@atelier/contracts';
import { HttpException } from '@nestjs/common';

/** An error as the caller reads it. Never `type`, `title`, `status` and `code` together: the official client takes that for RFC 9457. */
export type ErrorBody = { code: number; message: string; more_info: string; status: number; details?: Readonly<Record<string, unknown>> };
export type ErrorAnswer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: ErrorBody };

/** Twilio's error form. */
export const errorBody = (name: ErrorName, message: string = ERRORS[name].text, details?: Readonly<Record<string, unknown>>): ErrorBody => {
  const { code, status } = ERRORS[name];
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status, ...(details && { details }) };
};

export const notFoundText = (path: string): string => `The requested resource ${path} was not found`;

/** Any error → the answer for its caller. `path` is the request's, without its query. */
export const errorAnswer = (error: unknown, path: string): ErrorAnswer => {
  const { name, info } = rejectionOf(error);
  const message = info.message ?? (name === 'NotFound' ? notFoundText(path) : undefined);
  return { status: ERRORS[name].status, headers: { ...OWN_HEADERS[name], ...info.headers }, body: errorBody(name, message, info.details) };
};

/** Whether an error is ours to look at, and not the caller's doing. */
export const isInternal = (error: unknown): boolean => ERRORS[rejectionOf(error).name].status >= 500;

const CHALLENGE = { 'www-authenticate': 'Basic realm="Atelier", charset="UTF-8"' };
const OWN_HEADERS: Partial<Record<ErrorName, Readonly<Record<string, string>>>> = {
  AuthenticationFailed: CHALLENGE,
  NoCredentials: CHALLENGE,
  InvalidUsername: CHALLENGE,
  Unavailable: { 'retry-after': '1' },
};

const rejectionOf = (error: unknown): Rejection => {
  if (error instanceof Rejection) return error;
  if (error instanceof Fault) return new Rejection('Unavailable');
  return new Rejection(nameOfStatus(statusOf(error)));
};

// What Nest and Fastify throw by themselves carries only a status; their texts speak of their own insides.
const statusOf = (error: unknown): number => {
  if (error instanceof HttpException) return error.getStatus();
  const status: unknown = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
};

const BY_STATUS: Readonly<Record<number, ErrorName>> = {
  400: 'MalformedBody',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  413: 'BodyTooLarge',
  414: 'NotFound', // a path longer than any of ours
  415: 'UnsupportedMediaType',
  503: 'Unavailable',
};

const nameOfStatus = (status: number): ErrorName => BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'InvalidParameter' : 'Internal');

import { connect } from 'node:net';
import { ERRORS, Fault, type Meta, Rejection } from '@atelier/contracts';
import { silentLog } from '@atelier/platform';
import { Body, Controller, Delete, Get, HttpCode, Module, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import {
  AccountAuthority,
  CREDENTIAL_CHECK,
  CallerMeta,
  type CredentialCheck,
  type EdgeRequest,
  Form,
  type PageQuery,
  Paged,
  Public,
  Query,
  SidParam,
  Verbatim,
  createHttpApp,
  dateFilter,
  listAnswer,
  list2010Answer,
  listen,
  pageOf,
  repeated,
  text,
} from './index';

export const AC = `AC${'a'.repeat(32)}` as const;
export const SK = `SK${'b'.repeat(32)}` as const;
const credentials: CredentialCheck = {
  check: async (user, secret) => {
    if (secret === 'away') throw new Fault('the credentials service is away');
    if (user === AC && secret === 'token') return { accountSid: AC, kind: 'auth-token', credentialSid: null };
    if (user === SK && secret === 's:e:cret') return { accountSid: AC, kind: 'standard-key', credentialSid: SK };
    return undefined;
  },
};
export const basic = (user: string, secret: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` });
export const token = basic(AC, 'token');
export const key = basic(SK, 's:e:cret');
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const thing = z.object({
  FriendlyName: text(10, 1),
  Status: z.enum(['draft', 'published'], { error: 'expected draft or published' }).optional(),
  To: repeated(text(20)).optional(),
});
const filter = z.object({ Since: dateFilter.optional() });
const NUMBERS = Array.from({ length: 7 }, (_, i) => i + 1);

/** A request that takes as long as a spec wants: it tells that it has come in, and waits until it is released. */
export const slow = { entered: (): void => undefined, release: (): void => undefined };

@Controller('v2/Things')
class Things {
  @Post()
  @HttpCode(201)
  create(@Form(thing) form: z.infer<typeof thing>, @CallerMeta() meta: Meta): object {
    return { form, meta };
  }
  @Get()
  list(@Paged(z.tuple([z.int()])) query: PageQuery<[number]>): Promise<object> {
    return numbers(query).then((page) => listAnswer(query, page, 'things', (n) => ({ n })));
  }
  @Get('slow')
  async slow(): Promise<object> {
    slow.entered();
    await new Promise<void>((resolve) => (slow.release = resolve));
    return { done: true };
  }
  @Get('dates')
  dates(@Query(filter) query: z.infer<typeof filter>): object {
    return query;
  }
  @Get('defect')
  defect(): never {
    throw new Error('the secret text of a stack');
  }
  @Get('fault')
  fault(): never {
    throw new Fault('database away');
  }
  @Get('verbatim')
  verbatim(): object {
    return { a: 1, definition: new Verbatim('{"z":1.0,"a":{"2":1,"1":2}}'), b: null };
  }
  @Get(':sid')
  fetch(@SidParam('sid', 'FW') sid: string): object {
    return { sid };
  }
  @Delete(':sid')
  @HttpCode(204)
  remove(): void {}
  @Post('conflict')
  conflict(): never {
    throw new Rejection('Conflict', { details: { sid: 'FN1' }, headers: { 'x-more': '1' } });
  }
}

@Controller('2010-04-01/Accounts/:account')
@AccountAuthority()
class Keys {
  @Get('Keys.json')
  list(@Paged(z.tuple([z.int()])) query: PageQuery<[number]>): Promise<object> {
    return numbers(query).then((page) => list2010Answer(query, page, 'keys', (n) => ({ n })));
  }
}

@Controller('hook')
@Public()
class Hook {
  @Post()
  @HttpCode(200)
  take(@Req() request: EdgeRequest, @Body() body: unknown): object {
    return { raw: request.rawBody?.toString('utf8') ?? null, body: body ?? null };
  }
}

const numbers = (query: PageQuery<[number]>) =>
  pageOf(
    query,
    (n: number): [number] => [n],
    async ({ cursor, backwards, limit }) => {
      const ordered = backwards ? [...NUMBERS].reverse() : NUMBERS;
      const from = cursor ? ordered.filter((n) => (backwards ? n < cursor[0] : n > cursor[0])) : ordered;
      return from.slice(0, limit);
    },
  );

@Module({ controllers: [Things, Keys, Hook], providers: [{ provide: CREDENTIAL_CHECK, useValue: credentials }] })
class Root {}

/** Of a body, in bytes. */
export const LIMIT = 100_000;

export type SampleAnswer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> | undefined };

export type SampleApp = {
  readonly app: NestFastifyApplication;
  readonly url: string;
  /** A request of the account. A form is posted. */
  ask(path: string, init?: RequestInit & { form?: string }): Promise<SampleAnswer>;
  /** Writes these lines to a connection of its own, as no HTTP client would: what came until the server ended it. */
  raw(text: string): Promise<string>;
  close(): Promise<void>;
};

/** A small service that uses everything, listening on a free port: for specs. */
export const startSampleApp = async (options: { publicUrl?: string; bodyBytesMax?: number } = {}): Promise<SampleApp> => {
  const app = await createHttpApp(Root, { region: 'us1', trustedProxies: ['127.0.0.0/8'], bodyBytesMax: LIMIT, log: silentLog, ...options });
  const url = await listen(app, { host: '127.0.0.1', port: 0 });
  return { app, url, ask: asking(url), raw: (text) => rawAnswer(Number(new URL(url).port), text), close: () => app.close() };
};

const asking =
  (url: string): SampleApp['ask'] =>
  async (path, { form, ...rest } = {}) => {
    const answer = await fetch(url + path, {
      ...rest,
      headers: { ...token, ...(form !== undefined && FORM), ...(rest.headers as Record<string, string> | undefined) }, // specs give no others
      ...(form !== undefined && { method: 'POST', body: form }),
    });
    const body = await answer.text();
    return { status: answer.status, headers: answer.headers, body: body === '' ? undefined : (JSON.parse(body) as Record<string, unknown>) };
  };

const rawAnswer = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let seen = '';
    socket.on('data', (chunk) => (seen += String(chunk))).on('end', () => resolve(seen)).on('error', reject);
  });

/** An answer that refuses, by its name in the table of errors. */
export const errorOf = (name: keyof typeof ERRORS, message: string = ERRORS[name].text) => ({
  status: ERRORS[name].status,
  body: { code: ERRORS[name].code, status: ERRORS[name].status, message, more_info: `https://www.twilio.com/docs/errors/${ERRORS[name].code}` },
});

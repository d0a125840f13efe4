import 'reflect-metadata';
import { ERRORS, Fault, type Meta, Rejection } from '@atelier/contracts';
import { silentLog } from '@atelier/platform';
import { Body, Controller, Delete, Get, HttpCode, Module, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
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
  RouteTable,
  SidParam,
  Verbatim,
  createHttpApp,
  dateFilter,
  keyset,
  listAnswer,
  list2010Answer,
  listen,
  pageOf,
  repeated,
  text,
  unguardedRoutes,
} from './index';

const AC = `AC${'a'.repeat(32)}` as const;
const SK = `SK${'b'.repeat(32)}` as const;
const credentials: CredentialCheck = {
  check: async (user, secret) => {
    if (secret === 'away') throw new Fault('the credentials service is away');
    if (user === AC && secret === 'token') return { accountSid: AC, kind: 'auth-token', credentialSid: null };
    if (user === SK && secret === 's:e:cret') return { accountSid: AC, kind: 'standard-key', credentialSid: SK };
    return undefined;
  },
};
const basic = (user: string, secret: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` });
const token = basic(AC, 'token');
const key = basic(SK, 's:e:cret');
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const thing = z.object({
  FriendlyName: text(10, 1),
  Status: z.enum(['draft', 'published'], { error: 'expected draft or published' }).optional(),
  To: repeated(text(20)).optional(),
});
const filter = z.object({ Since: dateFilter.optional() });
const NUMBERS = Array.from({ length: 7 }, (_, i) => i + 1);

let release: () => void = () => undefined;
let entered: () => void = () => undefined;

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
    entered();
    await new Promise<void>((resolve) => (release = resolve));
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

const LIMIT = 100_000;
let app: NestFastifyApplication;
let url: string;

const started = async (options: { publicUrl?: string; bodyBytesMax?: number } = {}) => {
  const made = await createHttpApp(Root, { region: 'us1', trustedProxies: ['127.0.0.0/8'], bodyBytesMax: LIMIT, log: silentLog, ...options });
  return { made, at: await listen(made, { host: '127.0.0.1', port: 0 }) };
};

beforeAll(async () => {
  ({ made: app, at: url } = await started());
});
afterAll(() => app.close());

const ask = async (path: string, init: RequestInit & { form?: string } = {}) => {
  const { form, ...rest } = init;
  const answer = await fetch(url + path, {
    ...rest,
    headers: { ...token, ...(form !== undefined && FORM), ...(rest.headers as Record<string, string> | undefined) },
    ...(form !== undefined && { method: 'POST', body: form }),
  });
  const body = await answer.text();
  return { status: answer.status, headers: answer.headers, body: body === '' ? undefined : (JSON.parse(body) as Record<string, unknown>) };
};
const errorOf = (name: keyof typeof ERRORS, message: string = ERRORS[name].text) => ({
  status: ERRORS[name].status,
  body: { code: ERRORS[name].code, status: ERRORS[name].status, message, more_info: `https://www.twilio.com/docs/errors/${ERRORS[name].code}` },
});

describe('every route', () => {
  it('refuses requests without credentials unless it is public', async () => {
    const routes = app.get(RouteTable).all();
    expect(routes.filter(({ access }) => access !== 'public').length).toBeGreaterThan(8);
    expect(routes.filter(({ access, path }) => access === 'public' && !/^\/(health|metrics|schemas|openapi\.json|hook)/.test(path))).toEqual([]);
    expect(await unguardedRoutes(app)).toEqual([]);
  });

  it('answers with a request identifier, also when it fails', async () => {
    for (const path of ['/health', '/v2/Things', '/nowhere', '/v2/Things/defect', '/%zz']) {
      const { headers } = await ask(path);
      expect(headers.get('twilio-request-id')).toMatch(/^RQ[0-9a-f]{32}$/);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
    }
  });
});

describe('401', () => {
  it.each([
    ['nobody', {}, 'NoCredentials'],
    ['another scheme', { authorization: 'Bearer x' }, 'NoCredentials'],
    ['a wrong secret', basic(AC, 'wrong'), 'AuthenticationFailed'],
    ['no colon', { authorization: `Basic ${Buffer.from('abc').toString('base64')}` }, 'AuthenticationFailed'],
    ['a user that is no identifier', basic('admin', 'token'), 'AuthenticationFailed'],
    ['a NUL in the secret', basic(AC, 'token\u0000'), 'AuthenticationFailed'],
  ] as const)('for %s', async (_, headers, name) => {
    const answer = await fetch(`${url}/v2/Things`, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect(await answer.json()).toEqual(errorOf(name).body);
  });

  it('comes before the body is read', async () => {
    const answer = await fetch(`${url}/v2/Things`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
    expect(answer.status).toBe(401);
  });

  it('for a Standard key on a route of the account itself', async () => {
    expect(await ask('/2010-04-01/Accounts/x/Keys.json', { headers: key })).toMatchObject(errorOf('InvalidUsername'));
    expect((await ask('/2010-04-01/Accounts/x/Keys.json')).status).toBe(200);
    expect((await ask('/v2/Things', { headers: key })).status).toBe(200);
  });

  it('is 503 while nobody can tell', async () => {
    expect(await ask('/v2/Things', { headers: basic(AC, 'away') })).toMatchObject(errorOf('Unavailable'));
  });
});

describe('the caller', () => {
  const metaOf = async (headers: Record<string, string>) => (await ask('/v2/Things', { form: 'FriendlyName=a', headers })).body?.['meta'];

  it('is the account, with the key that was used', async () => {
    expect(await metaOf({ ...key, 'user-agent': 'me/1' })).toMatchObject({
      accountSid: AC, actorType: 'account', actorSid: AC, credentialSid: SK, source: 'api', region: 'us1', userAgent: 'me/1',
      sourceIp: '127.0.0.1', sourceIpFrom: 'socket', requestSid: expect.stringMatching(/^RQ[0-9a-f]{32}$/) as string,
    });
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['6.6.6.6, 203.0.113.7, 127.0.0.9', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
  ])('came from where trusted proxies say: %s', async (forwarded, ip) => {
    expect(await metaOf({ 'x-forwarded-for': forwarded })).toMatchObject({ sourceIp: ip, sourceIpFrom: 'forwarded' });
  });

  it('came from the socket where the header is garbage', async () => {
    expect(await metaOf({ 'x-forwarded-for': '<script>' })).toMatchObject({ sourceIp: '127.0.0.1', sourceIpFrom: 'socket' });
  });
});

describe('a form', () => {
  const post = (form: string) => ask('/v2/Things', { form });

  it('is read with repeated names as arrays, unknown names ignored', async () => {
    expect((await post('FriendlyName=a+%C3%A9&To=1&To=2&X=1')).body?.['form']).toEqual({ FriendlyName: 'a é', To: ['1', '2'] });
    expect((await post('FriendlyName=100%&To=')).body?.['form']).toEqual({ FriendlyName: '100%', To: [] });
    expect((await post('&&FriendlyName=%4&To=%zz%2b=%2B&Status')).body).toMatchObject({ message: 'Invalid parameter Status: expected draft or published' });
    expect((await post('&&FriendlyName=%4&To=%zz%2b=%2B')).body?.['form']).toEqual({ FriendlyName: '%4', To: ['%zz+=+'] });
  });

  it.each([
    ['', 'Missing required parameter FriendlyName in the post body'],
    ['FriendlyName=', 'Invalid parameter FriendlyName: must not be empty'],
    ['FriendlyName=12345678901', 'Invalid parameter FriendlyName: must have at most 10 characters'],
    ['FriendlyName=a%00', 'Invalid parameter FriendlyName: must not contain U+0000 or a lone surrogate'],
    ['FriendlyName=a&To=b&To=%00', 'Invalid parameter To: must not contain U+0000 or a lone surrogate'],
    ['FriendlyName=a&FriendlyName=b', 'Invalid parameter FriendlyName: Invalid input: expected string, received array'],
    ['FriendlyName=a&Status=x', 'Invalid parameter Status: expected draft or published'],
  ])('400 for %j', async (form, message) => expect(await post(form)).toMatchObject(errorOf('InvalidParameter', message)));

  it.each([
    ['FriendlyName=%ED%A0%80', 'it is not UTF-8'],
    ['__proto__=1&FriendlyName=a', 'it names __proto__'],
    ['a&'.repeat(10_001), 'it has more than 10000 parameters'],
  ])('400 for %j', async (form, why) => expect(await post(form)).toMatchObject(errorOf('MalformedBody', `The request body could not be read: ${why}`)));

  it('takes names of object members for names', async () => {
    expect((await post('constructor=1&toString=2&FriendlyName=a')).status).toBe(201);
  });

  it('400 where nothing was posted', async () => {
    expect(await ask('/v2/Things', { method: 'POST' })).toMatchObject(errorOf('InvalidParameter', 'Missing required parameter FriendlyName in the post body'));
  });
});

describe('a JSON body', () => {
  const post = (body: string) => ask('/v2/Things', { method: 'POST', body, headers: { 'content-type': 'application/json' } });

  it('is read like a form', async () => expect((await post('{"FriendlyName":"a"}')).body?.['form']).toEqual({ FriendlyName: 'a' }));

  it.each([['{'], ['{"__proto__":{}}'], ['{"a":{"constructor":{"prototype":{}}}}'], ['[]'], ['1']])('400 for %j', async (body) => {
    expect((await post(body)).body).toMatchObject({ code: 20001, status: 400 });
  });

  it.each([['{"FriendlyName":"\\ud800"}'], ['{"FriendlyName":"\\u0000"}']])('400 for text that cannot be stored: %j', async (body) => {
    expect(await post(body)).toMatchObject(errorOf('InvalidParameter', 'Invalid parameter FriendlyName: must not contain U+0000 or a lone surrogate'));
  });
});

describe('the body on a webhook', () => {
  it('is there as received, and decoded', async () => {
    expect((await ask('/hook', { form: 'Body=a%20b&N=2&N=1' })).body).toEqual({ raw: 'Body=a%20b&N=2&N=1', body: { Body: 'a b', N: ['2', '1'] } });
  });
  it('415 for another type', async () => {
    expect(await ask('/hook', { method: 'POST', body: '<a/>', headers: { 'content-type': 'text/xml' } })).toMatchObject(errorOf('UnsupportedMediaType'));
  });
  it('413 beyond 1 MiB of those who have proven nothing yet', async () => {
    const { made, at } = await started({ bodyBytesMax: 4 * 1024 * 1024 });
    const post = (path: string) => fetch(at + path, { method: 'POST', headers: { ...token, ...FORM }, body: `FriendlyName=a&X=${'x'.repeat(1_048_576)}` });
    expect([(await post('/hook')).status, (await post('/v2/Things')).status]).toEqual([413, 201]);
    await made.close();
  });
  it('413 beyond the limit, and the client can read that', async () => {
    for (const size of [LIMIT + 1, LIMIT * 100]) expect(await ask('/hook', { form: `a=${'x'.repeat(size)}` })).toMatchObject(errorOf('BodyTooLarge'));
  });
  it('413 leaves the connection open: what still comes in is read past, and the next request is answered', async () => {
    const { port } = new URL(url);
    const head = (length: number) => `POST /hook HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n`;
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${head(2 * LIMIT)}a=`));
      let seen = '';
      socket.on('error', reject).on('end', () => resolve(seen)).on('data', (chunk) => {
        if (seen === '') socket.write(`${'x'.repeat(2 * LIMIT - 2)}${head(3)}a=1`);
        seen += String(chunk);
        if (/ 413 [^]* 20[01] /.test(seen)) socket.end();
      });
    });
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 413', expect.stringMatching(/20[01]$/)]);
  });
});

describe('404', () => {
  it('names the path without its query', async () => {
    expect(await ask('/nowhere?a=1')).toMatchObject(errorOf('NotFound', 'The requested resource /nowhere was not found'));
    expect(await ask('/v2/Things/FW12')).toMatchObject(errorOf('NotFound', 'The requested resource /v2/Things/FW12 was not found'));
    expect(await ask(`/v2/Things/FW${'1'.repeat(600)}`)).toMatchObject({ status: 404, body: { code: 20404 } });
    expect(await ask('/v2/Things/%zz')).toMatchObject({ status: 404, body: { code: 20404 } });
  });
  it('is no answer to a slash at the end', async () => {
    expect((await ask('/v2/Things/?PageSize=1')).body?.['meta']).toMatchObject({ url: `${url}/v2/Things?PageSize=1&Page=0` });
    expect((await ask(`/v2/Things/FW${'1'.repeat(32)}/`)).status).toBe(200);
    expect((await ask('/v2/Things//')).status).toBe(404);
  });
  it('reads identifiers without regard to case', async () => {
    expect((await ask(`/v2/Things/FW${'AB'.repeat(16)}`)).body).toEqual({ sid: `FW${'ab'.repeat(16)}` });
  });
});

describe('405', () => {
  it('says which methods the path knows', async () => {
    const answer = await ask('/v2/Things', { method: 'DELETE' });
    expect(answer).toMatchObject(errorOf('MethodNotAllowed', 'Method DELETE not allowed, expected GET or HEAD or POST'));
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
  });
  it('is told of a fixed path by its own methods, not by those of identifiers in its place', async () => {
    for (const method of ['GET', 'PUT']) expect(await ask('/v2/Things/conflict', { method })).toMatchObject(errorOf('MethodNotAllowed', `Method ${method} not allowed, expected POST`));
  });
  it('HEAD answers like GET without a body, OPTIONS with the methods', async () => {
    expect(await ask('/v2/Things', { method: 'HEAD' })).toMatchObject({ status: 200, body: undefined });
    const options = await ask('/v2/Things', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST']);
  });
});

describe('500 and 503', () => {
  it('tell nothing of our insides', async () => {
    expect(await ask('/v2/Things/defect')).toMatchObject(errorOf('Internal'));
    const away = await ask('/v2/Things/fault');
    expect(away).toMatchObject(errorOf('Unavailable'));
    expect(away.headers.get('retry-after')).toBe('1');
  });
  it('carry details and headers of a rejection', async () => {
    const answer = await ask('/v2/Things/conflict', { method: 'POST' });
    expect(answer.body).toEqual({ ...errorOf('Conflict').body, details: { sid: 'FN1' } });
    expect(answer.headers.get('x-more')).toBe('1');
  });
  it('what is not HTTP is answered in the same form', async () => {
    const { port } = new URL(url);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      let seen = '';
      socket.on('data', (chunk) => (seen += String(chunk))).on('end', () => resolve(seen)).on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({ code: 20001, status: 400 });
  });
});

describe('a list', () => {
  it('is walked forth and back over its own URLs', async () => {
    type Meta = { next_page_url: string | null; previous_page_url: string | null; page: number };
    const walked: number[][] = [];
    const walk = async (path: string, by: 'next_page_url' | 'previous_page_url'): Promise<string> => {
      for (let at = path; ; ) {
        const { body } = await ask(at.replace(url, ''));
        walked.push((body?.['things'] as { n: number }[]).map(({ n }) => n));
        const follow = (body?.['meta'] as Meta)[by];
        if (follow === null) return at;
        expect(follow).toContain(`${url}/v2/Things?X=a%3Ab&PageSize=3&Page=`);
        at = follow;
      }
    };
    const last = await walk('/v2/Things?PageSize=3&X=a:b', 'next_page_url');
    await walk(last, 'previous_page_url');
    expect(walked).toEqual([[1, 2, 3], [4, 5, 6], [7], [7], [4, 5, 6], [1, 2, 3]]);
  });

  it('has its own URLs also where the request names a host in its first line', async () => {
    const { port } = new URL(url);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(`GET http://elsewhere/v2/Things?PageSize=7 HTTP/1.1\r\nHost: elsewhere\r\nAuthorization: ${token.authorization}\r\nConnection: close\r\n\r\n`));
      let seen = '';
      socket.on('data', (chunk) => (seen += String(chunk))).on('end', () => resolve(seen)).on('error', reject);
    });
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({ meta: { url: `${url}/v2/Things?PageSize=7&Page=0` } });
  });

  it('has no previous page at its start and none next at its end', async () => {
    expect((await ask('/v2/Things?PageSize=7')).body?.['meta']).toEqual({
      page: 0, page_size: 7, key: 'things', next_page_url: null, previous_page_url: null,
      url: `${url}/v2/Things?PageSize=7&Page=0`, first_page_url: `${url}/v2/Things?PageSize=7&Page=0`,
    });
  });

  it.each(['1001', '99999999999', '9'.repeat(400)])('clamps a page size of %s to 1,000', async (size) =>
    expect((await ask(`/v2/Things?PageSize=${size}`)).body?.['meta']).toMatchObject({ page_size: 1000 }));

  it.each(['PageSize=0', 'PageSize=-1', 'PageSize=a', 'Page=x', 'PageSize=1&PageSize=2', 'PageToken=abc', 'PageToken=%00'])('400 for %s', async (query) => {
    expect((await ask(`/v2/Things?${query}`)).body).toMatchObject({ code: 20001, status: 400 });
  });

  it('takes no token of another list, and no changed one', async () => {
    const meta = (await ask('/v2/Things?PageSize=1')).body?.['meta'] as { next_page_url: string };
    const issued = new URL(meta.next_page_url).searchParams.get('PageToken') ?? '';
    expect((await ask(`/v2/Things?PageToken=${issued}`)).status).toBe(200);
    expect((await ask(`/2010-04-01/Accounts/x/Keys.json?PageToken=${issued}`)).status).toBe(400);
    const changed = Buffer.from(Buffer.from(issued, 'base64url').toString().replace('[1]', '[2]')).toString('base64url');
    expect((await ask(`/v2/Things?PageToken=${changed}`)).status).toBe(400);
  });

  it('has relative URIs in the v2010 form', async () => {
    const { body } = await ask('/2010-04-01/Accounts/x/Keys.json?PageSize=5&Page=0');
    expect(body).toMatchObject({
      page: 0, page_size: 5, start: 0, end: 4, previous_page_uri: null,
      uri: '/2010-04-01/Accounts/x/Keys.json?PageSize=5&Page=0', first_page_uri: '/2010-04-01/Accounts/x/Keys.json?PageSize=5&Page=0',
      next_page_uri: expect.stringMatching(/^\/2010-04-01\/Accounts\/x\/Keys\.json\?PageSize=5&Page=1&PageToken=/) as string,
    });
  });

  it('is one statement over a keyset', () => {
    expect(keyset(['at', 'sid'], 'desc', { cursor: ['t', 's'], backwards: false, limit: 3 }, 2)).toEqual({
      where: '(at, sid) < ($2, $3)', orderBy: 'at desc, sid desc', limit: '$4', values: ['t', 's', 3],
    });
    expect(keyset(['at'], 'desc', { cursor: undefined, backwards: true, limit: 3 }, 1)).toMatchObject({ where: 'true', orderBy: 'at asc', limit: '$1' });
  });
});

describe('dates in filters', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31T10:00:00-07:00', '2026-01-31T17:00:00.000Z'],
    ['2026-01-31T10:00:00+01:00', '2026-01-31T09:00:00.000Z'],
  ])('%s', async (since, instant) => expect((await ask(`/v2/Things/dates?Since=${since}`)).body).toEqual({ Since: instant }));
  it.each(['2026-02-30', '2026-1-1', 'yesterday', '2026-01-01T25:00:00Z', '1'])('400 for %s', async (since) =>
    expect((await ask(`/v2/Things/dates?Since=${since}`)).status).toBe(400));
});

describe('documents', () => {
  it('verbatim JSON stands in the answer as it is', async () => {
    const answer = await fetch(`${url}/v2/Things/verbatim`, { headers: token });
    expect(await answer.text()).toBe('{"a":1,"definition":{"z":1.0,"a":{"2":1,"1":2}},"b":null}');
  });
  it('health and readiness are public', async () => {
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'ready', checks: {} });
  });
  it('OpenAPI names every route and its parameters', async () => {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, Record<string, unknown>> };
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/v2/Things', '/v2/Things/{sid}', '/2010-04-01/Accounts/{account}/Keys.json', '/health']));
    expect(Object.keys((document.paths['/v2/Things']?.['post'] as { requestBody: { content: object } }).requestBody.content)).toEqual(['application/x-www-form-urlencoded', 'application/json']);
    expect(JSON.stringify(document.paths['/v2/Things']?.['post'])).toContain('FriendlyName');
    expect(JSON.stringify(document.paths['/v2/Things/dates']?.['get'])).toContain('Since');
  });
  it('OpenAPI holds every route once, with its own name, its path parameters and whether it asks for credentials', async () => {
    type Operation = { operationId: string; parameters?: { in: string; name: string }[]; security?: object[] };
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { openapi: string; paths: Record<string, Record<string, Operation>> };
    const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
    const routes = app.get(RouteTable).all().filter(({ method }) => method !== 'HEAD');
    expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${path.replace('*', ':path').replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      const named = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => `{${name}}`);
      expect(named.sort()).toEqual([...path.matchAll(/\{\w+\}/g)].map(String).sort());
    }
    expect(operations.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path)).toEqual(['/health', '/health/ready', '/metrics', '/schemas', '/schemas/{path}', '/openapi.json', '/hook']);
    expect(document.paths['/v2/Things']?.['get']?.parameters?.map(({ name }) => name)).toEqual(['PageSize', 'Page', 'PageToken']);
    expect(document.openapi).toBe('3.1.0'); // its schemas are JSON Schema 2020-12
  });
  it('an unknown schema is 404', async () => expect((await ask('/schemas/x.json')).status).toBe(404));
});

describe('closing', () => {
  it('finishes the requests in hand, on connections that are kept alive', async () => {
    const { made, at } = await started();
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const answer = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      const request = httpRequest(`${at}/v2/Things/slow`, { headers: { ...token, connection: 'keep-alive' } }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, connection: response.headers.connection });
      });
      request.on('error', reject).end();
    });
    await inside;
    const closed = made.close();
    await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(await answer).toEqual({ status: 200, connection: 'close' });
    await closed;
    await expect(fetch(`${at}/health`)).rejects.toThrow();
  });
});

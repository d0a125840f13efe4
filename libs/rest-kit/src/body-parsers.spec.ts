import 'reflect-metadata';
import { connect } from 'node:net';
import { FORM, LIMIT, type SampleApp, errorOf, startSampleApp, token } from './sample-app';

let sample: SampleApp;
beforeAll(async () => void (sample = await startSampleApp()));
afterAll(() => sample.close());

describe('a form', () => {
  const post = (form: string) => sample.ask('/v2/Things', { form });

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
    expect(await sample.ask('/v2/Things', { method: 'POST' })).toMatchObject(errorOf('InvalidParameter', 'Missing required parameter FriendlyName in the post body'));
  });
});

describe('a JSON body', () => {
  const post = (body: string) => sample.ask('/v2/Things', { method: 'POST', body, headers: { 'content-type': 'application/json' } });

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
    expect((await sample.ask('/hook', { form: 'Body=a%20b&N=2&N=1' })).body).toEqual({ raw: 'Body=a%20b&N=2&N=1', body: { Body: 'a b', N: ['2', '1'] } });
  });
  it('415 for another type', async () => {
    expect(await sample.ask('/hook', { method: 'POST', body: '<a/>', headers: { 'content-type': 'text/xml' } })).toMatchObject(errorOf('UnsupportedMediaType'));
  });
  it('413 beyond 1 MiB of those who have proven nothing yet', async () => {
    const larger = await startSampleApp({ bodyBytesMax: 4 * 1024 * 1024 });
    const post = (path: string) => fetch(larger.url + path, { method: 'POST', headers: { ...token, ...FORM }, body: `FriendlyName=a&X=${'x'.repeat(1_048_576)}` });
    expect([(await post('/hook')).status, (await post('/v2/Things')).status]).toEqual([413, 201]);
    await larger.close();
  });
  it('413 beyond the limit, and the client can read that', async () => {
    for (const size of [LIMIT + 1, LIMIT * 100]) expect(await sample.ask('/hook', { form: `a=${'x'.repeat(size)}` })).toMatchObject(errorOf('BodyTooLarge'));
  });
  it('413 leaves the connection open: what still comes in is read past, and the next request is answered', async () => {
    const { port } = new URL(sample.url);
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

import 'reflect-metadata';
import { keyset } from './keyset';
import { type SampleApp, startSampleApp, token } from './sample-app';

let sample: SampleApp;
beforeAll(async () => void (sample = await startSampleApp()));
afterAll(() => sample.close());

describe('a list', () => {
  it('is walked forth and back over its own URLs', async () => {
    type Meta = { next_page_url: string | null; previous_page_url: string | null; page: number };
    const walked: number[][] = [];
    const walk = async (path: string, by: 'next_page_url' | 'previous_page_url'): Promise<string> => {
      for (let at = path; ; ) {
        const { body } = await sample.ask(at.replace(sample.url, ''));
        walked.push((body?.['things'] as { n: number }[]).map(({ n }) => n));
        const follow = (body?.['meta'] as Meta)[by];
        if (follow === null) return at;
        expect(follow).toContain(`${sample.url}/v2/Things?X=a%3Ab&PageSize=3&Page=`);
        at = follow;
      }
    };
    const last = await walk('/v2/Things?PageSize=3&X=a:b', 'next_page_url');
    await walk(last, 'previous_page_url');
    expect(walked).toEqual([[1, 2, 3], [4, 5, 6], [7], [7], [4, 5, 6], [1, 2, 3]]);
  });

  it('has its own URLs also where the request names a host in its first line', async () => {
    const text = await sample.raw(`GET http://elsewhere/v2/Things?PageSize=7 HTTP/1.1\r\nHost: elsewhere\r\nAuthorization: ${token.authorization}\r\nConnection: close\r\n\r\n`);
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({ meta: { url: `${sample.url}/v2/Things?PageSize=7&Page=0` } });
  });

  it('has no previous page at its start and none next at its end', async () => {
    expect((await sample.ask('/v2/Things?PageSize=7')).body?.['meta']).toEqual({
      page: 0, page_size: 7, key: 'things', next_page_url: null, previous_page_url: null,
      url: `${sample.url}/v2/Things?PageSize=7&Page=0`, first_page_url: `${sample.url}/v2/Things?PageSize=7&Page=0`,
    });
  });

  it.each(['1001', '99999999999', '9'.repeat(400)])('clamps a page size of %s to 1,000', async (size) =>
    expect((await sample.ask(`/v2/Things?PageSize=${size}`)).body?.['meta']).toMatchObject({ page_size: 1000 }));

  it.each(['PageSize=0', 'PageSize=-1', 'PageSize=a', 'Page=x', 'PageSize=1&PageSize=2', 'PageToken=abc', 'PageToken=%00'])('400 for %s', async (query) => {
    expect((await sample.ask(`/v2/Things?${query}`)).body).toMatchObject({ code: 20001, status: 400 });
  });

  it('takes no token of another list, and no changed one', async () => {
    const meta = (await sample.ask('/v2/Things?PageSize=1')).body?.['meta'] as { next_page_url: string };
    const issued = new URL(meta.next_page_url).searchParams.get('PageToken') ?? '';
    expect((await sample.ask(`/v2/Things?PageToken=${issued}`)).status).toBe(200);
    expect((await sample.ask(`/2010-04-01/Accounts/x/Keys.json?PageToken=${issued}`)).status).toBe(400);
    const changed = Buffer.from(Buffer.from(issued, 'base64url').toString().replace('[1]', '[2]')).toString('base64url');
    expect((await sample.ask(`/v2/Things?PageToken=${changed}`)).status).toBe(400);
  });

  it('has relative URIs in the v2010 form', async () => {
    const { body } = await sample.ask('/2010-04-01/Accounts/x/Keys.json?PageSize=5&Page=0');
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
  ])('%s', async (since, instant) => expect((await sample.ask(`/v2/Things/dates?Since=${since}`)).body).toEqual({ Since: instant }));
  it.each(['2026-02-30', '2026-1-1', 'yesterday', '2026-01-01T25:00:00Z', '1'])('400 for %s', async (since) =>
    expect((await sample.ask(`/v2/Things/dates?Since=${since}`)).status).toBe(400));
});

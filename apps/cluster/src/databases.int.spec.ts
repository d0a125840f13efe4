import { randomBytes } from 'node:crypto';
import { testDatabaseUrl } from '@atelier/testing';
import { Client } from 'pg';
import { type ContextUrls, prepareDatabases } from './databases';
import { CONTEXTS, type Context } from './services';

const connected = async (url: string): Promise<string> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('create schema if not exists mine');
  const { rows } = await client.query<{ name: string }>('select current_database() as name');
  await client.end();
  return rows[0]?.name ?? '';
};

describe('the databases of the contexts', () => {
  const name = `test_${randomBytes(6).toString('hex')}`; // the server is shared by other specs, and roles are of the whole server
  const passwords = Object.fromEntries(CONTEXTS.map((context) => [context, randomBytes(8).toString('hex')])) as Record<Context, string>; // one for each
  let urls: ContextUrls;
  beforeAll(async () => {
    urls = await prepareDatabases(await testDatabaseUrl(), passwords, name);
  }, 60_000);

  it.each(CONTEXTS)('%s has one of its own, in which it may do what it wants', async (context) => expect(await connected(urls[context])).toBe(`${name}_${context}`));

  it('are closed to the roles of the others', async () => {
    const foreign = CONTEXTS.flatMap((own) => CONTEXTS.filter((other) => other !== own).map((other) => urls[own].replace(/\/\w+$/, `/${name}_${other}`)));
    const answers = await Promise.all(foreign.map((url) => connected(url).catch((error: { code?: string }) => error.code)));
    expect(new Set(answers)).toEqual(new Set(['42501'])); // insufficient_privilege
  });

  it('are left as they are by the next start', async () => {
    expect(await prepareDatabases(await testDatabaseUrl(), passwords, name)).toMatchObject({ flows: expect.stringContaining(`${name}_flows`) as string });
    expect(await connected(urls.flows)).toBe(`${name}_flows`);
  });
});

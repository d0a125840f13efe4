import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, dataDirFor, startEmbeddedPostgres } from '@atelier/platform';
import { Client } from 'pg';
import { CONTEXTS } from './services';

const script = join(__dirname, '..', '..', '..', 'deploy', 'postgres', 'databases.sh');

// Stands where the image has psql, which the embedded server comes without: does what it is given, statement by statement.
const PSQL = `#!${process.execPath}
const { Client } = require(${JSON.stringify(require.resolve('pg'))});
const client = new Client({ connectionString: process.env.SERVER_URL });
const run = async () => {
  await client.connect();
  for (const statement of require('node:fs').readFileSync(0, 'utf8').split(';').filter((each) => each.trim())) await client.query(statement);
  await client.end();
};
run().catch((error) => { console.error(error.message); process.exit(3); });
`;

describe('what the image of PostgreSQL runs over an empty volume', () => {
  const dir = dataDirFor(mkdtempSync(join(tmpdir(), 'atelier-deploy-'))).dir;
  const secrets = mkdtempSync(join(tmpdir(), 'atelier-deploy-secrets-'));
  const passwords = Object.fromEntries(CONTEXTS.map((context) => [context, context.repeat(3)]));
  let server: EmbeddedPostgres;
  const urlOf = (context: string, database = context): string => {
    const url = new URL(server.url);
    [url.username, url.password, url.pathname] = [`atelier_${context}`, passwords[context] ?? '', database === 'postgres' ? '/postgres' : `/atelier_${database}`];
    return url.toString();
  };
  const connected = async (url: string): Promise<string> => {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.query('create schema mine');
      return 'made a schema';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    } finally {
      await client.end().catch(() => undefined); // it may never have been connected; the answer says so
    }
  };

  beforeAll(async () => {
    server = await startEmbeddedPostgres({ dataDir: dir, fsync: false });
    writeFileSync(join(secrets, 'psql'), PSQL, { mode: 0o755 });
    for (const context of CONTEXTS) writeFileSync(join(secrets, `${context}_database_url`), `postgresql://atelier_${context}:${passwords[context]}@postgres:5432/atelier_${context}\n`);
    const { status, stderr } = spawnSync('sh', [script], { env: { PATH: `${secrets}:${process.env['PATH']}`, SECRETS_DIR: secrets, SERVER_URL: server.url }, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    for (const each of [dir, secrets]) rmSync(each, { recursive: true, force: true });
  });

  it.each(CONTEXTS)('gives %s a database of its own', async (context) => expect(await connected(urlOf(context))).toBe('made a schema'));

  it('lets nobody into the database of another, nor into that of the administrator', async () => {
    const answers = await Promise.all(CONTEXTS.flatMap((context) => [...CONTEXTS.filter((other) => other !== context), 'postgres'].map((other) => connected(urlOf(context, other)))));
    expect([answers.length, new Set(answers)]).toEqual([25, new Set(['42501'])]); // insufficient_privilege
  });

  it('ends with an error where a statement fails, so that the container does', () => {
    expect(spawnSync('sh', [script], { env: { PATH: `${secrets}:${process.env['PATH']}`, SECRETS_DIR: secrets, SERVER_URL: server.url }, encoding: 'utf8' })).toMatchObject({ status: 3, stderr: expect.stringContaining('already exists') });
  });
});

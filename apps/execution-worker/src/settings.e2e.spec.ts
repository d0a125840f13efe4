import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICES, startProcess } from '@atelier/testing';

const masterKeyFile = join(tmpdir(), `atelier-master-key-${randomBytes(6).toString('hex')}`);
beforeAll(() => writeFileSync(masterKeyFile, randomBytes(32).toString('hex'), { mode: 0o600 }));
afterAll(() => rmSync(masterKeyFile, { force: true }));

/** What a process of an app prints, and its exit code, where it cannot start with these settings. */
const failed = async (app: string, settings: Readonly<Record<string, string>>): Promise<string> =>
  startProcess(app, { settings: { NODE_ENV: 'production', ...settings } }).then(
    async (running) => {
      await running.end('SIGKILL');
      throw new Error(`${app} started`);
    },
    (error: Error) => error.message,
  );

const URLS = { ATELIER_CREDENTIALS_URL: 'http://127.0.0.1:9', ATELIER_FLOWS_URL: 'http://127.0.0.1:9', ATELIER_TWILIO_BASE_URL: 'http://127.0.0.1:9', ATELIER_PUBLIC_URL: 'http://127.0.0.1:9' };

describe.each(SERVICES)('%s', (app) => {
  it('names everything that it must be told, at once, and ends with 1', async () => {
    const text = await failed(app, {});
    expect(text).toContain('it ended with 1');
    for (const name of ['ATELIER_DATABASE_URL', 'ATELIER_INTERNAL_TOKEN', 'ATELIER_KAFKA_BROKERS']) expect(text).toMatch(new RegExp(`\\n  ${name}: \\S`));
    expect(text).not.toMatch(/\n\s+at /); // no stack
  }, 60_000);

  it('says in one line that its database cannot be reached', async () => {
    const needed = { ATELIER_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none', ATELIER_INTERNAL_TOKEN: 'x'.repeat(32), ATELIER_KAFKA_BROKERS: '127.0.0.1:9', ATELIER_HTTP_PORT: '0' };
    const text = await failed(app, { ...needed, ...ownOf(app) });
    expect(text).toContain('it ended with 1');
    expect(text).toContain('ECONNREFUSED');
    expect(text).not.toMatch(/\n\s+at /);
  }, 60_000);
});

/** What is needed beside it; the master key is read first, so a file that is none would hide the database. */
const ownOf = (app: (typeof SERVICES)[number]): Readonly<Record<string, string>> => {
  const { ATELIER_CREDENTIALS_URL, ATELIER_FLOWS_URL, ATELIER_TWILIO_BASE_URL, ATELIER_PUBLIC_URL } = URLS;
  switch (app) {
    case 'credentials-service':
      return { ATELIER_MASTER_KEY_FILE: masterKeyFile, ATELIER_ACCOUNT_SID: `AC${'a'.repeat(32)}`, ATELIER_AUTH_TOKEN: 'b'.repeat(32) };
    case 'execution-api':
      return { ATELIER_CREDENTIALS_URL, ATELIER_FLOWS_URL };
    case 'execution-worker':
      return { ATELIER_CREDENTIALS_URL, ATELIER_FLOWS_URL, ATELIER_TWILIO_BASE_URL, ATELIER_PUBLIC_URL };
    default:
      return { ATELIER_CREDENTIALS_URL };
  }
};

import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FLOWS_MIGRATIONS } from '../flows-config';
import { type SampleAnswer, type SampleApp, startSampleApp } from './sample-app';

/** Third-party flows that lie beside the repository; they are read there and never copied. */
const FLOWS = join(__dirname, '../../../../../shared/flows');
const present = existsSync(FLOWS);
if (!present && process.env['CI'] === 'true') throw new Error(`${FLOWS} is missing`);
if (!present) console.warn('skipped: the public flows of ../shared/flows are not here');
const names = present ? readdirSync(FLOWS).filter((name) => name.endsWith('.json')) : [];

/** The table of `spec/studio.md` 2.5: how many of the 183 each door takes. */
const STRICT = 158; // 157 and the one whose event stands twice
const KEPT_INVALID = 9; // missing or empty function address, gather without prompt, dangling ends
const REFUSED = 4; // invented types or events

(present ? describe : describe.skip)('the public flows over REST', () => {
  let database: Database;
  let app: SampleApp;

  beforeAll(async () => {
    database = await testDatabase({ schema: 'flows', migrations: FLOWS_MIGRATIONS });
    app = await startSampleApp(database);
  }, 120_000);
  afterAll(async () => {
    await app?.close();
    await database?.close();
  });

  const ask = (path: string, form?: Record<string, string>): Promise<SampleAnswer> => app.ask(form ? 'POST' : 'GET', path, form);
  const post = (path: string, name: string, more: Record<string, string> = {}) =>
    ask(path, { FriendlyName: name.slice(0, 255), Status: 'draft', Definition: readFileSync(join(FLOWS, name), 'utf8'), ...more });
  const fetched = (sid: unknown) => ask(`/v2/Flows/${String(sid)}`);

  it('strict create takes 158 of 183, publishes them, and gives each back letter by letter', async () => {
    const taken = [];
    for (const name of names) {
      const created = await post('/v2/Flows', name, { Status: 'published' });
      if (created.status !== 201) {
        expect({ name, body: created.body }).toMatchObject({ name, body: { code: 81022, status: 400 } });
        continue;
      }
      taken.push(name);
      const answer = await fetched(created.body['sid']);
      expect(answer.text.includes(`"definition":${readFileSync(join(FLOWS, name), 'utf8')},`)).toBe(true);
    }
    expect(taken).toHaveLength(STRICT);
  }, 120_000);

  it('import keeps 170 without errors, 9 as drafts that cannot be published, and refuses 4', async () => {
    const counts = { valid: 0, invalid: 0, refused: 0 };
    for (const name of names) {
      const { status, body } = await post('/atelier/v1/Flows/Import', name);
      if (status === 400) {
        expect({ name, code: body['code'] }).toEqual({ name, code: 81022 });
        counts.refused++;
        continue;
      }
      expect({ name, status }).toEqual({ name, status: 201 });
      expect((await fetched(body['sid'])).body).toEqual(body);
      const published = await ask(`/v2/Flows/${String(body['sid'])}`, { Status: 'published' });
      expect({ name, valid: body['valid'], errors: (body['errors'] as unknown[]).length > 0, published: published.status }).toEqual(
        body['valid'] ? { name, valid: true, errors: false, published: 200 } : { name, valid: false, errors: true, published: 400 },
      );
      counts[body['valid'] ? 'valid' : 'invalid']++;
    }
    expect(counts).toEqual({ valid: 183 - KEPT_INVALID - REFUSED, invalid: KEPT_INVALID, refused: REFUSED });
  }, 120_000);

  it('import ends dangling branches on request', async () => {
    for (const name of names.filter((each) => /webchat-no-chatbot-copy-old|sms-studio-flow-old/.test(each))) {
      const { status, body } = await post('/atelier/v1/Flows/Import', name, { DanglingNext: 'end', Status: 'published' });
      expect({ name, status, valid: body['valid'] }).toEqual({ name, status: 201, valid: true });
    }
  });
});

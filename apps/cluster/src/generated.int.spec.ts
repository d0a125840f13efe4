import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabaseUrl } from '@atelier/testing';
import { regexOf } from './caddyfile';
import { type Documents, documentsOf, generated } from './generate';
import { bareInstallation } from './routes-command';
import { deployFolder, readRoutingTable } from './routing-table';

describe('what is generated from the controllers', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'atelier-routes-'));
  let documents: Documents;
  beforeAll(async () => {
    documents = await documentsOf(await bareInstallation(dataDir, await testDatabaseUrl(), `test_${randomBytes(6).toString('hex')}`));
  }, 90_000);
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  // A route that is missing here answers 404 in the distributed set-up only.
  it('is what stands in deploy/: else run `npm run cluster -- routes`', () => {
    for (const [name, text] of Object.entries(generated(documents))) expect([name, readFileSync(join(deployFolder, name), 'utf8')]).toEqual([name, text]);
  });

  it('sends a path to one service also where patterns of Caddy are tried one after the other', () => {
    const rows = Object.entries(readRoutingTable());
    for (const [owner, paths] of rows)
      for (const path of paths) {
        const called = path.replace(/:\w+/g, 'XX00').replace('*', 'x/y');
        expect([path, rows.filter(([, patterns]) => patterns.some((pattern) => new RegExp(`^(?:${regexOf(pattern)})/?$`).test(called))).map(([name]) => name)]).toEqual([path, [owner]]);
      }
  });
});

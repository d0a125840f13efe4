import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { regexOf } from './caddyfile';
import { type Documents, generated } from './generate';
import { freshDocuments } from './routes-command';
import { deployFolder, readRoutingTable } from './routing-table';

describe('what is generated from the controllers', () => {
  let documents: Documents;
  beforeAll(async () => {
    documents = await freshDocuments();
  }, 90_000);

  // A route that is missing here answers 404 in the distributed set-up only.
  it('is what stands in deploy/: else run `npm run cluster -- routes`', () => {
    for (const [name, text] of Object.entries(generated(documents))) expect([name, readFileSync(join(deployFolder, name), 'utf8')]).toEqual([name, text]);
  });

  // Beside the proxy of `npm run cluster`, whose spec asks it.
  it('closes what is between services only, also with a slash at its end', () => expect(generated(documents).Caddyfile).toContain('@closed path /internal /internal/ /internal/* /metrics /metrics/\n'));

  it('sends a path to one service also where patterns of Caddy are tried one after the other', () => {
    const rows = Object.entries(readRoutingTable());
    for (const [owner, paths] of rows)
      for (const path of paths) {
        const called = path.replace(/:\w+/g, 'XX00').replace('*', 'x/y');
        expect([path, rows.filter(([, patterns]) => patterns.some((pattern) => new RegExp(`^(?:${regexOf(pattern)})/?$`).test(called))).map(([name]) => name)]).toEqual([path, [owner]]);
      }
  });
});

import { readFileSync } from 'node:fs';
import { settingsFile, settingsPage } from './settings-page';

describe('docs/settings.md', () => {
  it('is what the schemas of the services say: else run `npm run cluster -- routes`', () => expect(readFileSync(settingsFile, 'utf8')).toBe(settingsPage()));
});

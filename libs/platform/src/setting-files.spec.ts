import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readConfig } from './config';

const schema = z.object({ ATELIER_SECRET: z.string().regex(/^[a-z]+$/), ATELIER_KEY_FILE: z.string().optional() });

describe('a setting that stands in a file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'atelier-settings-'));
  const file = join(dir, 'secret');
  beforeAll(() => writeFileSync(file, 'hidden\n'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('is read without the white space around it', () => expect(readConfig(schema, { ATELIER_SECRET_FILE: file })).toEqual({ ATELIER_SECRET: 'hidden' }));

  it('is checked as if it stood in the environment', () => {
    writeFileSync(join(dir, 'wrong'), 'Not so');
    expect(() => readConfig(schema, { ATELIER_SECRET_FILE: join(dir, 'wrong') })).toThrow(/ATELIER_SECRET: Invalid/);
  });

  it('is given once', () => expect(() => readConfig(schema, { ATELIER_SECRET: 'a', ATELIER_SECRET_FILE: file })).toThrow('ATELIER_SECRET and ATELIER_SECRET_FILE: expected one of them'));

  it('is named where its file cannot be read', () => expect(() => readConfig(schema, { ATELIER_SECRET_FILE: join(dir, 'none') })).toThrow(/ATELIER_SECRET_FILE: cannot be read: ENOENT/));

  it('is not meant where the setting itself is the name of a file, nor where nobody knows it', () => {
    expect(readConfig(schema, { ATELIER_SECRET: 'a', ATELIER_KEY_FILE: '/nowhere' })).toEqual({ ATELIER_SECRET: 'a', ATELIER_KEY_FILE: '/nowhere' });
    expect(() => readConfig(schema, { ATELIER_SECRET: 'a', ATELIER_OTHER_FILE: file })).toThrow('ATELIER_OTHER_FILE: no such setting');
  });
});

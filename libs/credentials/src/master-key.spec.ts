import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '@atelier/platform';
import { credentialsConfig, credentialsOptionsOf } from './credentials-config';
import { readMasterKey, readOrMakeMasterKey } from './master-key';

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'atelier-master-key-'))));
afterEach(() => rmSync(dir, { recursive: true }));

const fileWith = (text: string): string => {
  const path = join(dir, 'given.key');
  writeFileSync(path, text);
  return path;
};

describe('the master key', () => {
  it('is made at the first start, for its owner only, and is the same ever after', () => {
    const path = join(dir, 'master.key');
    const made = readOrMakeMasterKey(path);
    expect(made).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readOrMakeMasterKey(path)).toEqual(made);
    expect(readMasterKey(path)).toEqual(made);
    expect(readdirSync(dir)).toEqual(['master.key']);
  });

  it('is another one in every installation', () => expect(readOrMakeMasterKey(join(dir, 'a'))).not.toEqual(readOrMakeMasterKey(join(dir, 'b'))));

  it('that is there already is never written over, also where it cannot be read', () => {
    const path = fileWith('not a key');
    expect(() => readOrMakeMasterKey(path)).toThrow(ConfigurationError);
    expect(readFileSync(path, 'utf8')).toBe('not a key');
  });

  it.each(['', 'ab', 'z'.repeat(64), 'ab'.repeat(33)])('is 64 hexadecimal digits, and the text that is not says nothing of it: %p', (text) => {
    expect(() => readMasterKey(fileWith(text))).toThrow(/^Expected 64 hexadecimal digits as master key in \S+, found something else\.$/);
  });

  it('is not made where a file was named that is missing', () => {
    const config = { ...credentialsConfig.parse({ ATELIER_MASTER_KEY_FILE: join(dir, 'none') }), ATELIER_REGION: 'us1' };
    expect(() => credentialsOptionsOf(config, dir)).toThrow(/master key cannot be read: ENOENT/);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('cannot be made in a folder that is not there: one clear text', () =>
    expect(() => readOrMakeMasterKey(join(dir, 'no', 'master.key'))).toThrow(/^The master key cannot be made: ENOENT/));
});

describe('the settings', () => {
  it('name a key file or use the data folder', () => {
    const given = fileWith(`${'ab'.repeat(32)}\n`);
    const config = { ...credentialsConfig.parse({ ATELIER_MASTER_KEY_FILE: given }), ATELIER_REGION: 'ie1' };
    expect(credentialsOptionsOf(config, dir)).toEqual({ masterKey: Buffer.alloc(32, 0xab), region: 'ie1', storeGeneration: 1 });
    const { masterKey } = credentialsOptionsOf({ ...credentialsConfig.parse({}), ATELIER_REGION: 'us1' }, dir);
    expect(masterKey).toEqual(readMasterKey(join(dir, 'master.key')));
  });

  it('refuse an internal token that could be guessed', () => {
    expect(credentialsConfig.safeParse({ ATELIER_INTERNAL_TOKEN: 'short' }).success).toBe(false);
    expect(credentialsConfig.safeParse({ ATELIER_INTERNAL_TOKEN: 'x'.repeat(32) }).success).toBe(true);
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CONTEXTS, SERVICE_NAMES } from './services';

const root = join(__dirname, '..', '..', '..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const packageOf = (folder: string): { main?: string; dependencies?: Record<string, string>; engines?: { node: string } } => JSON.parse(text(join(folder, 'package.json'))) as object; // of ours

describe('deploy/secrets.sh', () => {
  const dir = mkdtempSync(join(tmpdir(), 'atelier-secrets-'));
  const secrets = join(dir, 'secrets');
  const made = (): Record<string, string> => {
    execFileSync('sh', [join(root, 'deploy', 'secrets.sh'), secrets], { encoding: 'utf8' });
    return Object.fromEntries(readdirSync(secrets).map((name) => [name, readFileSync(join(secrets, name), 'utf8').trim()]));
  };
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('makes every secret that docker-compose.yml mounts, in the form that the settings ask for', () => {
    const found = made();
    const compose = parse(text('docker-compose.yml')) as { secrets: Record<string, { file: string }> };
    expect(Object.keys(found).sort()).toEqual(Object.keys(compose.secrets).sort());
    for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./deploy/secrets/${name}`);
    expect(found).toMatchObject({ account_sid: expect.stringMatching(/^AC[0-9a-f]{32}$/), auth_token: expect.stringMatching(/^[0-9a-f]{32}$/), master_key: expect.stringMatching(/^[0-9a-f]{64}$/) });
    for (const context of CONTEXTS) expect(found[`${context}_database_url`]).toMatch(new RegExp(`^postgresql://atelier_${context}:[0-9a-f]{48}@postgres:5432/atelier_${context}$`));
    expect(new Set(Object.values(found)).size).toBe(Object.keys(found).length);
  });

  it('leaves what is there, and lets nobody else into the folder', () => {
    rmSync(join(secrets, 'auth_token'));
    const before = Object.fromEntries(readdirSync(secrets).map((name) => [name, readFileSync(join(secrets, name), 'utf8').trim()]));
    expect(made()).toEqual({ ...before, auth_token: expect.any(String) });
    expect(statSync(secrets).mode & 0o077).toBe(0);
  });

  it('says how its secrets are called, and none of them', () => {
    const said = execFileSync('sh', [join(root, 'deploy', 'secrets.sh'), secrets], { encoding: 'utf8' });
    for (const [name, secret] of Object.entries(made())) if (name !== 'account_sid') expect(said).not.toContain(secret);
  });
});

describe('the image', () => {
  const dockerfile = text('Dockerfile');
  const ignored = text('.dockerignore').split('\n');

  it('is made of what the build is given', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
    expect(sources.length).toBeGreaterThan(6);
    for (const source of sources) expect([source, existsSync(join(root, source)), ignored.includes(`!${source}`)]).toEqual([source, true, true]);
    expect(ignored).toContain('*'); // and nothing else: no secrets, no data
  });

  it('runs one version of Node.js that the packages ask for, as nobody in particular', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(bases).toEqual(Array(2).fill(expect.stringMatching(/^node:\d+\.\d+\.\d+-bookworm-slim$/)));
    const [, major = 0, minor = 0] = /node:(\d+)\.(\d+)/.exec(bases[0] ?? '')?.map(Number) ?? [];
    const [wantedMajor = 0, wantedMinor = 0] = (packageOf('.').engines?.node.replace('>=', '').split('.') ?? []).map(Number);
    expect(major * 1_000 + minor).toBeGreaterThanOrEqual(wantedMajor * 1_000 + wantedMinor);
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  it.each([...SERVICE_NAMES, 'atelier'])('has the entry point of %s where its build puts it', (name) => {
    expect(packageOf(join('apps', name)).main).toBe('./dist/main.js');
    expect(existsSync(join(root, 'apps', name, 'src', 'main.ts'))).toBe(true);
  });

  // Development packages stay out of the image: a service that imported one would end at its start, and in the image alone.
  it('has every package that its services import', () => {
    const { dependencies = {} } = packageOf('.');
    const left = new Set(['apps/bench', 'libs/testing']);
    const folders = ['apps', 'libs'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => `${kind}/${name}`)).filter((each) => !left.has(each) && existsSync(join(root, each, 'src')));
    const imported = folders.flatMap((folder) => sourcesOf(join(root, folder, 'src')).flatMap((file) => importsOf(readFileSync(file, 'utf8')).map((name) => ({ file, name }))));
    expect(imported.length).toBeGreaterThan(500);
    const missing = imported.filter(({ name }) => !(name in dependencies) && !builtinModules.includes(name) && (!name.startsWith('@atelier/') || name === '@atelier/testing'));
    expect(missing).toEqual([]);
  });
});

const sourcesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !/\.(spec|contract)\.ts$|^sample-/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

/** Names of packages: what is imported for its types alone is not there when it runs. */
const importsOf = (code: string): string[] =>
  [...code.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'([^.'][^']*)'|\b(?:import|require)\('([^.'][^']*)'\)/gm)]
    .map(([, from, called]) => from ?? called ?? '')
    .filter((name) => !name.startsWith('node:'))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));

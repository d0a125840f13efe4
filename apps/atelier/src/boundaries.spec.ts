import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..', '..');
const eslint = join(dirname(require.resolve('eslint/package.json')), 'bin', 'eslint.js');
const nx = require.resolve('nx/bin/nx.js');

/** The rules that a text breaks if it stood in this file. */
const lint = (filePath: string, code: string): string[] => {
  const { stdout } = spawnSync(process.execPath, [eslint, '--stdin', '--stdin-filename', filePath, '--format', 'json'], { cwd: root, input: code, encoding: 'utf8' });
  const [report] = JSON.parse(stdout) as { messages: { ruleId: string; message: string }[] }[];
  return (report?.messages ?? []).map(({ ruleId }) => ruleId);
};

// Without a project graph the boundary rule checks nothing and says so only in a warning: this is what keeps it honest.
describe('the lint refuses a planted violation', () => {
  beforeAll(() => void execFileSync(process.execPath, [nx, 'show', 'projects'], { cwd: root }), 60_000);

  it.each([
    ['a context that imports another context', 'libs/flows/src/planted.ts', `import { x } from '@atelier/executions'; export const y = x;`],
    ['a context that imports the driver', 'libs/flows/src/planted.ts', `import { Pool } from 'pg'; export const y = Pool;`],
    ['a context that imports kafkajs', 'libs/audit/src/planted.ts', `import { Kafka } from 'kafkajs'; export const y = Kafka;`],
    ['a pure library that imports infrastructure', 'libs/engine/src/planted.ts', `import { x } from '@atelier/platform'; export const y = x;`],
    ['the vocabulary importing anything of ours', 'libs/contracts/src/planted.ts', `import { x } from '@atelier/liquid'; export const y = x;`],
    ['the testing library outside specs', 'libs/flows/src/planted.ts', `import { x } from '@atelier/testing'; export const y = x;`],
    ['an app imported by a library', 'libs/bus/src/planted.ts', `import { x } from '@atelier/app-atelier'; export const y = x;`],
  ])('%s', (_, path, code) => expect(lint(path, code)).toContain('@nx/enforce-module-boundaries'), 30_000);

  it.each([
    ['a clock in a pure library', 'libs/engine/src/planted.ts', 'export const now = () => Date.now();', 'no-restricted-syntax'],
    ['chance in a decider', 'libs/flows/src/planted.decider.ts', 'export const n = () => Math.random();', 'no-restricted-syntax'],
    ['an infrastructure library other than the bus that imports kafkajs', 'libs/platform/src/planted.ts', `import { Kafka } from 'kafkajs'; export const y = Kafka;`, 'no-restricted-imports'],
    ['an app that imports kafkajs', 'apps/audit-service/src/planted.ts', `import type { Kafka } from 'kafkajs'; export type Y = Kafka;`, 'no-restricted-imports'],
    ['a built-in module in a pure library', 'libs/liquid/src/planted.ts', `import { x } from 'node:fs'; export const y = x;`, 'no-restricted-imports'],
    ['the environment read outside main', 'libs/flows/src/planted.ts', `export const x = process.env['X'];`, 'no-restricted-properties'],
  ])('%s', (_, path, code, rule) => expect(lint(path, code)).toContain(rule), 30_000);

  it('and accepts what is allowed', () => {
    expect(lint('libs/flows/src/planted.ts', `import { isSid } from '@atelier/contracts'; export const y = isSid;`)).toEqual([]);
  }, 30_000);
});

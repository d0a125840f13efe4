import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '@atelier/testing';

const platform = JSON.stringify(join(__dirname, '..', 'dist', 'index.js'));
const contracts = JSON.stringify(join(__dirname, '..', '..', 'contracts', 'dist', 'index.js'));

/** A process whose life is `runProcess`, around this start. */
const started = (start: string) => {
  const script = `const { ConfigurationError, runProcess } = require(${platform}); const { Fault } = require(${contracts}); void runProcess(async () => { ${start} });`;
  const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (printed.err += chunk.toString()));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, printed, code };
};
const LIVES = `setInterval(() => undefined, 1_000); setImmediate(() => console.log('up'));`; // once the start has been answered, and signals are listened to

describe('the life of a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 at %s, once what it has in hand is finished, however often it is asked', async (signal) => {
    const { child, printed, code } = started(`${LIVES} return { stop: () => new Promise((done) => { console.log('stopping'); setTimeout(() => { console.log('finished'); done(); }, 300); }) };`);
    await eventually('it is up', () => printed.out.includes('up'));
    child.kill(signal);
    await eventually('it is stopping', () => printed.out.includes('stopping'));
    child.kill('SIGTERM');
    child.kill('SIGINT');
    expect([await code, printed.out, printed.err]).toEqual([0, 'up\nstopping\nfinished\n', '']);
  });

  it.each([
    ['a wrong setting', `throw new ConfigurationError('ATELIER_X: no such setting');`, 'ATELIER_X: no such setting\n'],
    ['a failing world', `throw new Fault('the store is away');`, 'the store is away\n'],
    ['something that is no error', `throw 'nothing';`, 'nothing\n'],
  ])('ends with 1 and one clear text where it cannot start: %s', async (_, start, text) => {
    const { printed, code } = started(start);
    expect([await code, printed.err]).toEqual([1, text]);
  });

  it('shows where it happened when the mistake is ours', async () => {
    const { printed, code } = started(`throw new TypeError('ours');`);
    expect([await code, printed.err]).toEqual([1, expect.stringMatching(/^TypeError: ours\n\s+at /)]);
  });

  it('ends with 1 where it cannot leave in order', async () => {
    const { child, printed, code } = started(`${LIVES} return { stop: async () => { throw new Fault('a part did not stop'); } };`);
    await eventually('it is up', () => printed.out.includes('up'));
    child.kill('SIGTERM');
    expect([await code, printed.err]).toEqual([1, 'a part did not stop\n']);
  });
});

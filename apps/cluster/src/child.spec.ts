import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@atelier/platform';
import { eventually } from '@atelier/testing';
import { Child } from './child';
import { ProcessList, isAlive } from './process-list';

const SERVICE = `const { createServer } = require('node:http');
const server = createServer((_, answer) => answer.end(process.env.GREETING + ' ' + (process.env.ATELIER_SECRET ?? 'nothing')));
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));`;

describe('a process of the cluster', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'atelier-child-'));
  const main = join(dataDir, 'service.js');
  const said: string[] = [];
  const processes = new ProcessList(dataDir);
  const make = async (file = main): Promise<{ child: Child; url: string }> => {
    const port = (await freePort(0)) as number;
    const url = `http://127.0.0.1:${port}/`;
    const child = new Child({ name: `service-${port}`, main: file, env: { PORT: String(port), GREETING: 'hello' }, readyUrl: url }, { dataDir, processes, say: (line) => said.push(line) });
    return { child, url };
  };
  beforeAll(() => writeFileSync(main, SERVICE));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('gets the settings of its plan and none of ours', async () => {
    process.env['ATELIER_SECRET'] = 'of the supervisor';
    const { child, url } = await make();
    await child.start();
    expect(await (await fetch(url)).text()).toBe('hello nothing');
    delete process.env['ATELIER_SECRET'];
    const { pid } = child;
    await child.stop();
    expect(isAlive(pid as number)).toBe(false);
  });

  it('is started again after it died, and that is said', async () => {
    const { child, url } = await make();
    await child.start();
    process.kill(child.pid as number, 'SIGKILL');
    await eventually('it is back', () => said.some((line) => line.includes(`${child.name} again`)));
    expect(said.find((line) => line.includes(`${child.name} ended`))).toMatch(/\(SIGKILL\); again in 0\.25 s/);
    expect((await fetch(url)).ok).toBe(true);
    await child.stop();
  });

  it('is replaced by one from elsewhere; where that does not start, the former comes back and it is said why', async () => {
    const [newer, broken] = [join(dataDir, 'newer.js'), join(dataDir, 'broken-newer.js')];
    writeFileSync(newer, SERVICE.replace("' '", "' newer '"));
    writeFileSync(broken, `console.error('the new world is wrong'); process.exit(1);`);
    const { child, url } = await make();
    await child.start();
    const text = async (): Promise<string> => (await fetch(url)).text();
    await child.restart(newer);
    expect(await text()).toBe('hello newer nothing');
    await expect(child.restart(broken)).rejects.toThrow('the new world is wrong');
    expect(await text()).toBe('hello newer nothing');
    await child.restart();
    expect(await text()).toBe('hello newer nothing');
    await child.stop();
  });

  it('lets those wait who come while it restarts', async () => {
    const { child, url } = await make();
    await child.start();
    const restarting = child.restart();
    await child.up(30_000);
    expect((await fetch(url)).ok).toBe(true);
    await restarting;
    await child.stop();
  });

  it('that cannot start shows the end of its log', async () => {
    const broken = join(dataDir, 'broken.js');
    writeFileSync(broken, `console.error('the world is wrong'); process.exit(1);`);
    const { child } = await make(broken);
    await expect(child.start()).rejects.toThrow(/did not become ready[\s\S]*the world is wrong/);
  });

  it('ends by itself when its supervisor was killed', async () => {
    const port = (await freePort(0)) as number;
    const guardian = join(__dirname, '..', 'dist', 'guardian.js');
    const parent = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['--require', ${JSON.stringify(guardian)}, ${JSON.stringify(main)}], { env: { PORT: '${port}' }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true });
      console.log(child.pid); setInterval(() => undefined, 1000);`;
    const supervisor = spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise((resolve) => supervisor.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))));
    await eventually('it listens', async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
    supervisor.kill('SIGKILL');
    await eventually('it has ended', () => !isAlive(pid));
  });

  it('that a former run left behind is ended by the next start, and a stranger with its number is not', async () => {
    const left = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)', '--', processes.mark], { stdio: 'ignore' });
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    writeFileSync(join(dataDir, 'processes.json'), JSON.stringify({ left: left.pid, stranger: stranger.pid }));
    expect(await new ProcessList(dataDir).endLeftovers()).toEqual(['left']);
    expect(left.exitCode ?? left.signalCode).toBe('SIGTERM');
    expect(isAlive(stranger.pid as number)).toBe(true);
    expect(readFileSync(join(dataDir, 'processes.json'), 'utf8')).toBe('{}');
    stranger.kill();
  });
});

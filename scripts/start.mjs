// npm start: installs and builds what is missing, then runs everything in one process.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare();
const child = spawn(process.execPath, [join(root, 'apps', 'atelier', 'dist', 'main.js')], { cwd: root, stdio: 'inherit' });
// Ctrl-C reaches the child through the terminal's process group; a signal to npm alone is passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => undefined);
// A signal to npm alone ends npm and its shell without a word to us: who lost its parent stops too.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

// npm run cluster: installs and builds what is missing, then runs every service as a process of its own. See apps/cluster/src/main.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

const args = process.argv.slice(2);
prepare({ quiet: args.length > 0 && !args[0].startsWith('-') });
const child = spawn(process.execPath, [join(root, 'apps', 'cluster', 'dist', 'main.js'), ...args], { cwd: root, stdio: 'inherit' });
// Ctrl-C reaches the child through the terminal's process group; a signal to npm alone is passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
process.on('SIGINT', () => undefined);
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

// npm run <verb>: prepares, then runs a built program of apps/ with the rest of the arguments.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

const [program, ...args] = process.argv.slice(2);
prepare({ quiet: true });
const { status } = spawnSync(process.execPath, [join(root, program), ...args], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);

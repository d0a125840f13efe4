// npm run rebuild -- flows|credentials|executions [--database URL]: see apps/atelier/src/rebuild.ts.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare({ quiet: true });
const { status } = spawnSync(process.execPath, [join(root, 'apps', 'atelier', 'dist', 'rebuild.js'), ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);

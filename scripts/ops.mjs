// npm run ops -- parked list, … : what was set aside in a running installation. See apps/atelier/src/ops/main.ts.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare({ quiet: true });
process.exit(run(process.execPath, [join(root, 'apps', 'atelier', 'dist', 'ops', 'main.js'), ...process.argv.slice(2)], { shell: false }));

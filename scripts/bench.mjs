// npm run bench, npm run crash: against a product of their own, started for them on loopback.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const [tool, ...args] = process.argv.slice(2);
prepare({ quiet: true });
process.exit(run(process.execPath, [join(root, 'apps', 'bench', 'dist', `${tool}.js`), ...args], { shell: false }));

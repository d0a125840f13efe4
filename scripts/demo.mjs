// npm run demo: against a running instance (`npm start`), with the official client.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare({ quiet: true });
process.exit(run(process.execPath, [join(root, 'apps', 'atelier', 'dist', 'demo.js')], { shell: false }));

// npm run topics: installs and builds what is missing, then makes and repairs the topics on a Kafka. See apps/cluster/src/topics.ts.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare({ quiet: true });
process.exit(run(process.execPath, [join(root, 'apps', 'cluster', 'dist', 'topics.js')], { shell: false }));

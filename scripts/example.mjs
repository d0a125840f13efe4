// npm run example -- NAME [arguments]: runs examples/NAME.ts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

const [name, ...args] = process.argv.slice(2);
const file = join(root, 'examples', `${name}.ts`);
if (!existsSync(file)) {
  console.error(`Expected the name of an example, found ${name ?? 'none'}: see examples/`);
  process.exit(1);
}
prepare({ quiet: true });
const { transformFileSync } = createRequire(import.meta.url)('@swc/core');
const { code } = transformFileSync(file, { configFile: join(root, '.swcrc'), sourceMaps: false });
const child = spawn(process.execPath, ['-', ...args], { cwd: root, stdio: ['pipe', 'inherit', 'inherit'] });
child.stdin.end(code);
child.on('exit', (status, signal) => process.exit(signal ? 1 : (status ?? 1)));

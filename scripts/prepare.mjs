// Installs and builds what is missing; Node's built-ins only, because nothing else is there on a fresh clone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_MIN = [20, 19]; // packages that are ES modules only are `require`d

const fail = (text) => {
  console.error(text);
  process.exit(1);
};

export const run = (command, args, options = {}) => {
  const { status, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32', ...options });
  return signal ? 1 : (status ?? 1);
};

const checkNode = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) fail(`Atelier needs Node.js ${NODE_MIN.join('.')} or newer; this is ${process.versions.node}.`);
};

const isStamped = (file, value) => existsSync(file) && readFileSync(file, 'utf8') === value;
const stamp = (file, value) => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
};

// What is installed is what the lockfile says, or it is installed again.
const install = (quiet) => {
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  const file = join(root, 'node_modules', '.atelier-lock');
  if (isStamped(file, lock)) return;
  const started = performance.now();
  if (!quiet) console.log('Installing packages (once per lockfile) …');
  if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) fail('The packages could not be installed: see the lines above.');
  stamp(file, lock);
  if (!quiet) console.log(`Packages installed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
};

// Sources by name, size and time of change: reading them all would cost more than it saves.
const sources = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : sources(path);
    const { size, mtimeMs } = statSync(path);
    return [`${path} ${size} ${mtimeMs}`];
  });

const build = (quiet) => {
  const state = createHash('sha256').update([...sources(join(root, 'libs')), ...sources(join(root, 'apps'))].join('\n')).digest('hex');
  const file = join(root, '.nx', 'atelier-built');
  if (isStamped(file, state)) return;
  const started = performance.now();
  if (!quiet) console.log('Building …');
  if (run('npx', ['nx', 'run-many', '-t', 'build', '--output-style=static'], { stdio: quiet ? 'ignore' : ['ignore', 'ignore', 'inherit'] }) !== 0) {
    run('npx', ['nx', 'run-many', '-t', 'build', '--output-style=static']);
    fail('The build failed: see the lines above.');
  }
  stamp(file, state);
  if (!quiet) console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
};

export const prepare = ({ quiet = false } = {}) => {
  checkNode();
  install(quiet);
  build(quiet);
};

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readRoutingTable } from './routing-table';
import { settingsPage } from './settings-page';

const root = join(__dirname, '..', '..', '..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = ['README.md', 'docs/path.md', 'docs/operations.md', ...readdirSync(join(root, 'apps')).map((app) => `apps/${app}/README.md`)];
const code = (page: string): string[] => [...text(page).matchAll(/`([^`\n]+)`/g)].map(([, each = '']) => each);
const below = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !['node_modules', 'dist'].includes(name))
    .flatMap((entry) => (entry.isDirectory() ? below(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]));
const files = ['apps', 'libs', 'deploy', 'docs', 'examples', 'scripts'].flatMap(below);

describe.each(pages)('%s', (page) => {
  it('names files that are there', () => {
    const named = code(page).flatMap((each) => each.match(/^(?:(?:apps|libs|deploy|docs|examples|scripts)\/)?[\w./-]+\.(?:ts|js|json|sh|mjs|yml|md)$/) ?? []);
    const missing = named.filter((each) => !files.some((file) => file === each || file.endsWith(`/${each}`)) && !existsSync(join(root, each)) && !each.includes('/dist/'));
    expect(missing).toEqual([]);
  });

  it('links to pages that are there', () => {
    const links = [...text(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it('names settings that somebody reads', () => {
    const known = new Set(settingsPage().match(/ATELIER_[A-Z_]+/g));
    const named = [...text(page).matchAll(/ATELIER_[A-Z][A-Z_]*(?![A-Z_]*…)/g)].map(([name]) => name).filter((name) => !/^ATELIER_(X|X_FILE)$/.test(name) && !name.endsWith('_'));
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('names commands of package.json', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    const named = [...text(page).matchAll(/npm run ([a-z]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names routes that a service has', () => {
    const routes = Object.values(readRoutingTable()).flat().map((route) => new RegExp(`^${route.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`));
    const named = code(page).flatMap((each) => /^(?:GET |POST )?(\/(?:atelier|v1|v2|2010-04-01|carrier)\/\S+?)(?:\?.*)?$/.exec(each)?.[1] ?? []).filter((each) => !each.includes('…')).map((each) => each.replace('{topic}', 'atelier.audit.events'));
    expect(named.filter((each) => !routes.some((route) => route.test(each)))).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  const sources = files.filter((file) => /^libs\/.*\.ts$/.test(file) && !file.endsWith('.spec.ts')).map(text).join('\n');
  it('names metrics that are told', () => {
    const named = [...text('docs/operations.md').matchAll(/`atelier_([a-z_]+)`/g)].map(([, name = '']) => name).filter((name) => !/^(flows|executions|credentials|audit|carrier)$/.test(name));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !sources.includes(`'atelier_${name}'`) && !sources.includes(`('${name.replace('executions_', '')}'`))).toEqual([]);
  });
});

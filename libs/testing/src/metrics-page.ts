import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a metric is to those who read it: comparable between the reference page and a process. */
export type Metric = { readonly type: string; readonly meaning: string; readonly labels: readonly string[] };
export type MetricsByName = Readonly<Record<string, Metric>>;

const PAGE = join(__dirname, '..', '..', '..', 'docs', 'reference', 'metrics.md');
const OF_HISTOGRAMS = new Set(['le']);

/** What the reference page says that this process serves. */
export const documentedMetrics = (app: string): MetricsByName => {
  const sections = readFileSync(PAGE, 'utf8').split(/^## /m).slice(1);
  const served = sections.filter((section) => /^Served by: (.+)\.$/m.exec(section)?.[1]?.includes(`\`${app}\``));
  const rows = served.flatMap((section) => [...section.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*)\| ([^|]*) \| [^|]+ \|$/gm)]);
  return Object.fromEntries(
    rows.map(([, name = '', type = '', labels = '', meaning = '']) => [name, { type, meaning, labels: [...labels.matchAll(/\w+/g)].map(([label]) => label).sort() }]),
  );
};

/** What stands in the text of `/metrics`. A metric without a line shows no labels. */
export const servedMetrics = (text: string): MetricsByName => {
  const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  const meanings = new Map([...text.matchAll(/^# HELP (\w+) (.*)$/gm)].map(([, name = '', meaning = '']) => [name, meaning]));
  return Object.fromEntries([...types].map(([name, type]) => [name, { type, meaning: meanings.get(name) ?? '', labels: labelsOf(text, name) }]));
};

const labelsOf = (text: string, name: string): readonly string[] => {
  const lines = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm'))];
  const labels = lines.flatMap(([, inside = '']) => [...inside.matchAll(/(\w+)="/g)].map(([, label = '']) => label));
  return [...new Set(labels)].filter((label) => !OF_HISTOGRAMS.has(label)).sort();
};

/** Both, ready to be compared: of what has no line yet, the labels are believed. */
export const comparedMetrics = (app: string, text: string): { readonly documented: MetricsByName; readonly served: MetricsByName } => {
  const [documented, served] = [documentedMetrics(app), servedMetrics(text)];
  const believed = Object.entries(served).map(([name, metric]) => [name, metric.labels.length > 0 ? metric : { ...metric, labels: documented[name]?.labels ?? [] }] as const);
  return { documented, served: Object.fromEntries(believed) };
};

import { parseArgs } from 'node:util';
import { ConfigurationError } from '@atelier/platform';

/** What is looked at: where it lies over REST, and the word for each of its acts. */
export type Shelf = {
  readonly name: 'parked' | 'dead-letters';
  /** By the name in front of an identifier; the nameless one has identifiers without. */
  readonly paths: Readonly<Record<string, string>>;
  readonly key: string;
  readonly again: { readonly verb: 'retry' | 'redrive'; readonly path: 'Retry' | 'Redrive'; readonly done: string };
  /** Columns of the list: a title, and the field. */
  readonly columns: readonly (readonly [title: string, field: string])[];
};

const OPERATIONS = '/atelier/v1/Operations';

/** Everything that can be set aside. A context whose consumers have dead letters adds its line. */
export const SHELVES: readonly Shelf[] = [
  {
    name: 'parked',
    paths: { '': `${OPERATIONS}/ParkedInputs` },
    key: 'parked_inputs',
    again: { verb: 'retry', path: 'Retry', done: 'retried' },
    columns: [['ID', 'id'], ['SINCE', 'date_created'], ['KIND', 'kind'], ['ACCOUNT', 'account_sid'], ['EXECUTION', 'execution_sid'], ['REASON', 'reason']],
  },
  {
    name: 'dead-letters',
    paths: { executions: `${OPERATIONS}/Executions/DeadLetters`, audit: `${OPERATIONS}/Audit/DeadLetters` },
    key: 'dead_letters',
    again: { verb: 'redrive', path: 'Redrive', done: 'redriven' },
    columns: [['ID', 'id'], ['SINCE', 'date_created'], ['CONSUMER', 'consumer'], ['LOG', 'log'], ['SHARD', 'shard'], ['POS', 'pos'], ['REASON', 'reason']],
  },
];

export type Act = 'list' | 'show' | 'again' | 'drop';

/** What is to be done, checked. */
export type Command = {
  readonly shelf: Shelf;
  readonly act: Act;
  readonly ids: readonly string[];
  readonly limit: number;
  readonly isJson: boolean;
  readonly url: string | undefined;
  readonly dataDir: string | undefined;
};

const LIMIT = 50;
const USAGE = `Expected one of:
  npm run ops -- parked list | show ID… | retry ID… | drop ID…
  npm run ops -- dead-letters list | show ID… | redrive ID… | drop ID…
with --url ORIGIN, --data DIR, --limit N, --json`;

const mistake = (found: string): ConfigurationError => new ConfigurationError(`${found}\n${USAGE}`);

/** Arguments → command. ConfigurationError with the usage where they are none. */
export const commandOf = (args: readonly string[]): Command => {
  const { values, positionals } = parsed(args);
  const [name, verb, ...ids] = positionals;
  const shelf = SHELVES.find((each) => each.name === name);
  if (!shelf) throw mistake(`There is nothing named ${name ?? 'nothing'}.`);
  const act = actOf(shelf, verb);
  if (act !== 'list' && ids.length === 0) throw mistake(`Which one? \`${name} list\` shows their identifiers.`);
  if (act === 'list' && ids.length > 0) throw mistake(`A list takes no identifiers, found ${ids.join(' ')}.`);
  for (const id of ids) pathOf(shelf, id);
  const limit = Number(values.limit ?? LIMIT);
  if (!Number.isInteger(limit) || limit < 1) throw mistake(`Expected --limit with a whole number, found ${values.limit}.`);
  return { shelf, act, ids, limit, isJson: values.json ?? false, url: values.url, dataDir: values.data };
};

/** Where one of them lies: `12`, or `audit/12` where several contexts have such. */
export const pathOf = ({ name, paths }: Shelf, id: string): string => {
  const [, context = '', number = ''] = /^(?:(\w+)\/)?([1-9][0-9]*)$/.exec(id) ?? [];
  const path = paths[context];
  const example = Object.keys(paths).map((each) => (each === '' ? '12' : `${each}/12`));
  if (number === '' || path === undefined) throw mistake(`Expected an identifier of ${name} such as ${example.join(' or ')}, found ${id}.`);
  return `${path}/${number}`;
};

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { url: { type: 'string' }, data: { type: 'string' }, limit: { type: 'string' }, json: { type: 'boolean' } } });
  } catch (error) {
    throw mistake(error instanceof Error ? error.message : String(error));
  }
};

const actOf = ({ name, again }: Shelf, verb: string | undefined): Act => {
  if (verb === again.verb) return 'again';
  if (verb === 'list' || verb === 'show' || verb === 'drop') return verb;
  throw mistake(`${name} cannot be ${verb ? `asked to ${verb}` : 'asked to do nothing'}.`);
};

/** Sets variables and ends. */
export const set = (variables: Record<string, string>, type = 'string') => ({
  name: 'note',
  type: 'set-variables',
  properties: { variables: Object.entries(variables).map(([key, value]) => ({ key, value, type })) },
  transitions: [{ event: 'next' }],
});

/** Leaves by the first of these conditions that holds for `flow.data.subject`. */
export const split = (conditions: readonly object[]) => ({
  name: 'check',
  type: 'split-based-on',
  properties: { input: '{{flow.data.subject}}' },
  transitions: [{ event: 'noMatch' }, ...conditions.map((condition) => ({ event: 'match', conditions: [{ friendly_name: '', arguments: ['{{flow.data.subject}}'], ...condition }] }))],
});

/** Calls the address in `flow.data.url`. */
export const call = { name: 'call', type: 'make-http-request', properties: { method: 'GET', url: '{{flow.data.url}}' }, transitions: [{ event: 'success' }, { event: 'failed' }] };

/** Templates that would take for ever, fill the memory or read what is not theirs; each is empty. */
export const BOMBS = {
  loops: '{% for i in (1..100000000) %}x{% endfor %}',
  doubling: `{% assign a = flow.data.big %}${'{% assign a = a | append: a %}'.repeat(40)}{{ a }}`,
  chain: `{{ flow.data.big ${'| escape'.repeat(5_000)} }}`,
  sorts: `{{ flow.data.big | split: "" ${'| sort_natural'.repeat(3_000)} }}`,
  nesting: `${'{% if true %}'.repeat(5_000)}x`,
  files: '{% include "/etc/passwd" %}{% render "/etc/passwd" %}',
  environment: '{{ process.env.PATH }}{{ env.PATH }}{{ globalThis.process.env.PATH }}',
  prototypes: '{{ flow.constructor.constructor }}{{ "a".__proto__ }}{{ flow["__proto__"] }}{{ flow.data | map: "constructor" }}',
};

/** Patterns that take exponential time for many times `a`, or cannot be read. */
export const PATTERNS = ['(a|a)*b', '(a+)+b', `${'(a|a)'.repeat(40)}b`, `${'a?'.repeat(50)}${'a'.repeat(50)}b`, `${'('.repeat(1_000)}a${')*'.repeat(1_000)}`, '(', '(?<=a)*'];

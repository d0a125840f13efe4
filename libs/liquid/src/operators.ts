import { type defaultOperators as Defaults, defaultOperators } from 'liquidjs';

type Operators = typeof Defaults;

// Numbers compare with numbers and numeric texts; anything else is neither more nor less (`spec/liquid.md` 6).
const asNumber = (value: unknown): number => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
};

const taken = (name: string): NonNullable<Operators[string]> => {
  const operator = defaultOperators[name];
  if (!operator) throw new Error(`liquidjs has no operator ${name}`);
  return operator;
};

/** The operators of Studio's engine; like there, `and` and `or` are worked out from the right. */
export const OPERATORS: Operators = {
  ...Object.fromEntries(['==', '!=', 'contains', 'and', 'or'].map((name) => [name, taken(name)])),
  '<>': taken('!='),
  '>': (left: unknown, right: unknown) => asNumber(left) > asNumber(right),
  '<': (left: unknown, right: unknown) => asNumber(left) < asNumber(right),
  '>=': (left: unknown, right: unknown) => asNumber(left) >= asNumber(right),
  '<=': (left: unknown, right: unknown) => asNumber(left) <= asNumber(right),
};

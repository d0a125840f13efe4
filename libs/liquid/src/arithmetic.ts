import { asText } from './java-text';

type Operand = { readonly value: number; readonly isWhole: boolean };

const NUMBER = /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/;

const numberOf = (value: unknown): Operand | undefined => {
  if (typeof value === 'number') return { value, isWhole: Number.isInteger(value) };
  const text = typeof value === 'string' ? value.trim() : '';
  return NUMBER.test(text) ? { value: Number(text), isWhole: /^[-+]?\d+$/.test(text) } : undefined;
};

// Studio's engine trims numeric text, counts nil as 0, and raises an error for anything else (`spec/liquid.md` 6).
const operand = (value: unknown): Operand => {
  const known = value === null || value === undefined ? { value: 0, isWhole: true } : numberOf(value);
  if (!known) throw new Error(`not a number: ${JSON.stringify(asText(value).slice(0, 40))}`);
  return known;
};

const finite = (value: number): number => {
  if (!Number.isFinite(value)) throw new Error('the result is no finite number');
  return value;
};

type Calculation = (left: number, right: number, isWhole: boolean) => number;
const binary =
  (calculate: Calculation) =>
  (left: unknown, ...right: readonly unknown[]): number => {
    if (right.length === 0) throw new Error('a second operand is missing');
    const [a, b] = [operand(left), operand(right[0])];
    return finite(calculate(a.value, b.value, a.isWhole && b.isWhole));
  };

// These leave alone what is no number, where the four operations fail.
const unary =
  (calculate: (value: number) => number) =>
  (value: unknown): unknown => {
    const known = numberOf(value);
    return known ? calculate(known.value) : value;
  };

const bound =
  (choose: (value: number, limit: number) => number) =>
  (value: unknown, limit: unknown): unknown => {
    const [known, other] = [numberOf(value), numberOf(limit)];
    return known && other ? choose(known.value, other.value) : value;
  };

// Half goes away from zero; with digits the result is text, because 3.10 is no number of its own.
const round = (value: unknown, digits: unknown): number | string => {
  const [known, places] = [numberOf(value)?.value ?? 0, Math.trunc(numberOf(digits)?.value ?? 0)];
  return places > 0 ? known.toFixed(places) : Number(known.toFixed(0));
};

/** Filters over numbers, as Studio's engine calculates. */
export const ARITHMETIC = {
  plus: binary((a, b) => a + b),
  minus: binary((a, b) => a - b),
  times: binary((a, b) => a * b),
  divided_by: binary((a, b, isWhole) => (isWhole ? Math.trunc(a / b) : a / b)),
  modulo: binary((a, b) => a % b),
  abs: unary(Math.abs),
  ceil: unary(Math.ceil),
  floor: unary(Math.floor),
  at_least: bound(Math.max),
  at_most: bound(Math.min),
  round,
} as const;

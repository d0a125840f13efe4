import { asText } from './java-text';

const elementsOf = (value: unknown): readonly unknown[] => {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  return typeof value === 'object' ? Object.entries(value) : [value];
};

const isEmpty = (value: unknown): boolean => {
  if (value === null || value === undefined || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
};

const propertyOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

// What lacks the property is left out; a map alone counts as a list of one.
const map = (value: unknown, key: unknown): readonly unknown[] =>
  (Array.isArray(value) ? value : [value])
    .map((element) => propertyOf(element, asText(key)))
    .filter((found) => found !== undefined && found !== null);

/** Filters over lists, and over anything, in which Studio's engine differs from liquidjs. */
export const LISTS = {
  first: (value: unknown) => elementsOf(value)[0],
  last: (value: unknown) => elementsOf(value).at(-1),
  map,
  default: (value: unknown, ...otherwise: readonly unknown[]) => (otherwise.length > 0 && isEmpty(value) ? otherwise[0] : value),
} as const;

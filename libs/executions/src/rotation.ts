/** Items by whose they are, each one's in their order. */
export const slicesOf = <T>(items: Iterable<T>, whose: (item: T) => string): readonly T[][] => {
  const slices = new Map<string, T[]>();
  for (const item of items) {
    const slice = slices.get(whose(item));
    if (slice) slice.push(item);
    else slices.set(whose(item), [item]);
  }
  return [...slices.values()];
};

/** The first of each, the second of each, and so on: however long one's slice is, it delays nobody by more than one of its items a turn. */
export const inRotation = <T>(slices: readonly (readonly T[])[]): readonly T[] => {
  const items: T[] = [];
  for (let i = 0, left = slices.filter(({ length }) => length > 0); left.length > 0; i++, left = left.filter(({ length }) => length > i)) for (const slice of left) items.push(slice[i] as T); // shorter ones have left
  return items;
};

/**
 * Questions whose answer must know what was stored before they were asked. Who comes while one is under way shares the next one, never that one, which
 * may have been answered too early: so many who ask at once cost two questions at the most.
 */
export class NextAnswer<V> {
  private readonly rounds = new Map<string, { readonly now: Promise<V>; next?: Promise<V> }>();

  constructor(private readonly ask: (key: string) => Promise<V>) {}

  get(key: string): Promise<V> {
    const round = this.rounds.get(key);
    if (!round) return this.begin(key);
    return (round.next ??= round.now.then(
      () => this.begin(key),
      () => this.begin(key),
    ));
  }

  private begin(key: string): Promise<V> {
    const round: { readonly now: Promise<V>; next?: Promise<V> } = { now: this.ask(key) };
    this.rounds.set(key, round);
    const over = (): void => {
      if (!round.next) this.rounds.delete(key);
    };
    round.now.then(over, over);
    return round.now;
  }
}

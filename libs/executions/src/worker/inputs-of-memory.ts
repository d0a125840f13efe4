import type { LaneInput, MemoryInput } from './inputs';

/** Outcomes of effects and continuations that wait for the next batch of their lane. Losing them loses nothing: effect and timer rows bring them back. */
export class InputsOfMemory {
  private waiting: MemoryInput[] = [];

  get size(): number {
    return this.waiting.length;
  }

  add(input: MemoryInput): void {
    this.waiting.push(input);
  }

  take(max: number): readonly MemoryInput[] {
    return this.waiting.splice(0, max);
  }

  /** The batch that took them came to nothing, or had no room. */
  restore(inputs: readonly LaneInput[]): void {
    this.waiting.unshift(...inputs.filter((input): input is MemoryInput => input.from === 'effect' || input.from === 'bound'));
  }

  /** Takes out what belongs to shards that are lost. */
  leave(shards: ReadonlySet<number>): readonly MemoryInput[] {
    const left = this.waiting.filter(({ shard }) => shards.has(shard));
    this.waiting = this.waiting.filter(({ shard }) => !shards.has(shard));
    return left;
  }
}

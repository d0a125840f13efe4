import type { Emitter } from 'liquidjs';
import { printed } from './java-text';

export const lengthError = (charactersMax: number): string => `the rendered text has more than ${charactersMax} characters`;

/** Collects what a block prints; stops at the limit instead of making what would be thrown away. */
export class BoundedEmitter implements Emitter {
  buffer = '';

  constructor(private readonly charactersMax: number) {}

  write(value: unknown): void {
    this.buffer += printed(value);
    if (this.buffer.length > this.charactersMax) throw new Error(lengthError(this.charactersMax));
  }
}

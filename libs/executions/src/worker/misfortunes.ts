import { type LaneInput, identityOf } from './inputs';

const OVERTAKEN_MAX = 5; // in a row, after everything was read again each time: then it is not somebody faster, it is an input

/** What went wrong lately, and how the next batches are made because of it: carefully after a conflict, by halves after a refusal (A12). */
export class Misfortunes {
  inputsMax: number;
  isCareful = false;
  /** The one input that the store refused alone, by shard and identity. */
  readonly condemned = new Map<string, string>();
  private overtakenTimes = 0;

  constructor(private readonly max: number) {
    this.inputsMax = max;
  }

  passed(): void {
    this.isCareful = false;
    this.overtakenTimes = 0;
    this.condemned.clear();
    this.inputsMax = Math.min(this.max, this.inputsMax * 2);
  }

  overtaken(inputs: readonly LaneInput[], message: string): void {
    this.isCareful = true;
    if (++this.overtakenTimes >= OVERTAKEN_MAX) this.refused(inputs, message);
  }

  refused(inputs: readonly LaneInput[], reason: string): void {
    const [only] = inputs;
    if (inputs.length > 1) this.inputsMax = Math.max(1, Math.floor(inputs.length / 2));
    else if (only) this.condemned.set(`${only.shard} ${identityOf(only)}`, reason);
  }
}

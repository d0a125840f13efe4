const ONE_MS_MAX = 200; // no template or pattern may take longer; a pause of the whole process is not theirs

/** What one decision spends: a thousand slow templates are no less a bomb than one. */
export class Spending {
  private readonly beganMs: number;
  private spentMs = 0;

  constructor(
    private readonly monotonicMs: () => number,
    private readonly maxMs: number,
  ) {
    this.beganMs = monotonicMs();
  }

  /** Since the decision began. */
  get elapsedMs(): number {
    return this.monotonicMs() - this.beganMs;
  }

  /** Nothing more may be rendered or matched. */
  get isOver(): boolean {
    return this.spentMs >= this.maxMs;
  }

  /** Does the work and counts its time. */
  on<T>(work: () => T): T {
    const fromMs = this.monotonicMs();
    const result = work();
    this.spentMs += Math.min(this.monotonicMs() - fromMs, ONE_MS_MAX);
    return result;
  }
}

/** A remembered wake-up: given while nobody waits, it ends the next wait at once. */
export class Hint {
  private isGiven = false;
  private release: (() => void) | undefined;

  give(): void {
    this.isGiven = true;
    this.release?.();
  }

  clear(): void {
    this.isGiven = false;
  }

  /** Until a hint comes or the time is over. */
  wait(ms: number): Promise<void> {
    if (this.isGiven) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.release?.(), ms);
      this.release = () => {
        clearTimeout(timer);
        this.release = undefined;
        resolve();
      };
    });
  }
}

/** Whoever comes while it is shut waits until it opens, though not for ever. */
export class Gate {
  private isOpen = false;
  private shutAtMs = performance.now();
  private readonly waiting = new Set<() => void>();

  open(): void {
    this.isOpen = true;
    for (const go of this.waiting) go();
  }

  shut(): void {
    if (this.isOpen) this.shutAtMs = performance.now();
    this.isOpen = false;
  }

  /** Resolves when it is open, or has been shut for so many milliseconds: behind one that stays shut nobody waits any more. */
  passed(ms: number): Promise<void> {
    const left = this.shutAtMs + ms - performance.now();
    if (this.isOpen || left <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(late);
        this.waiting.delete(go);
        resolve();
      };
      const late = setTimeout(go, left);
      this.waiting.add(go);
    });
  }
}

/** Waits until a condition holds: the value that it returned. Fails with the last error, or what it saw last, after the deadline. */
export const eventually = async <T>(what: string, check: () => Promise<T | undefined | false> | T | undefined | false, deadlineMs = 10_000): Promise<T> => {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value as T;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms, last seen: ${last instanceof Error ? last.stack : String(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

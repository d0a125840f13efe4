/** What a load run saw. Times in milliseconds, rates a second. */
export type Measured = { readonly requests: number; readonly seconds: number; readonly p50Ms: number; readonly p99Ms: number };

const percentile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const measured = (latencies: number[], seconds: number): Measured => {
  const sorted = latencies.sort((a, b) => a - b);
  return { requests: sorted.length, seconds, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
};

/** As many at once as `width`, one after the other, for these seconds: saturation. */
export const saturate = async (width: number, seconds: number, act: (n: number) => Promise<void>): Promise<Measured> => {
  const latencies: number[] = [];
  const started = performance.now();
  let n = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - started < seconds * 1_000) {
      const at = performance.now();
      await act(n++);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return measured(latencies, (performance.now() - started) / 1_000);
};

/** So many a second, whatever the answers take; latency counts from the moment a request was due. */
export const atRate = async (perSecond: number, seconds: number, act: (n: number) => Promise<void>): Promise<Measured> => {
  const latencies: number[] = [];
  const started = performance.now();
  const open: Promise<void>[] = [];
  let sent = 0;
  while (performance.now() - started < seconds * 1_000) {
    for (; sent < ((performance.now() - started) / 1_000) * perSecond; sent++) {
      const due = started + (sent / perSecond) * 1_000;
      open.push(act(sent).then(() => void latencies.push(performance.now() - due)));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(open);
  return measured(latencies, (performance.now() - started) / 1_000);
};

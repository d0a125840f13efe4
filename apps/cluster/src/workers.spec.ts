import { type Worker, Workers } from './workers';

const scene = (broken: number[] = []) => {
  const events: string[] = [];
  const make = async (n: number): Promise<Worker> => ({
    name: `worker-${n}`,
    start: async () => {
      if (broken.includes(n)) throw new Error(`${n} does not start`);
      events.push(`+${n}`);
    },
    stop: async () => void events.push(`-${n}`),
  });
  return { workers: new Workers(make), events };
};

describe('the workers of a cluster', () => {
  it('are as many as were asked for', async () => {
    const { workers, events } = scene();
    expect(await workers.scale(2)).toEqual(['worker-1', 'worker-2']);
    expect(await workers.scale(3)).toEqual(['worker-1', 'worker-2', 'worker-3']);
    expect(await workers.scale(1)).toEqual(['worker-1']);
    expect(events).toEqual(['+1', '+2', '+3', '-2', '-3']);
  });

  it('asked twice at once, end at the last number', async () => {
    const { workers } = scene();
    await Promise.all([workers.scale(3), workers.scale(1)]);
    expect(workers.names).toEqual(['worker-1']);
  });

  it('that do not start are said, and the others run', async () => {
    const { workers } = scene([2]);
    await expect(workers.scale(2)).rejects.toThrow('2 does not start');
    expect(workers.names).toEqual(['worker-1']);
    expect(await workers.scale(1)).toEqual(['worker-1']);
  });
});

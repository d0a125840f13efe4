import { type Worker, Workers } from './workers';

const scene = (broken: number[] = []) => {
  const events: string[] = [];
  const make = async (n: number, main: string): Promise<Worker> => ({
    name: `worker-${n}`,
    restart: async (next) => {
      if (broken.includes(n) && next === 'newer') throw new Error(`${n} does not start from ${next}`);
      events.push(`${n} from ${next}`);
    },
    start: async () => {
      if (broken.includes(n)) throw new Error(`${n} does not start`);
      events.push(`+${n}${main === 'own' ? '' : ` from ${main}`}`);
    },
    stop: async () => void events.push(`-${n}`),
  });
  return { workers: new Workers(make, 'own'), events };
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

  it('are started anew one after the other while one more runs, and later ones come from there too', async () => {
    const { workers, events } = scene();
    await workers.scale(2);
    expect(await Promise.all([workers.restart('newer'), workers.scale(3)])).toEqual([['worker-1', 'worker-2'], ['worker-1', 'worker-2', 'worker-3']]);
    expect(events).toEqual(['+1', '+2', '+3 from newer', '1 from newer', '2 from newer', '-3', '+3 from newer']);
  });

  it('of which one does not start anew stay with what they were started from', async () => {
    const { workers, events } = scene([2]);
    await workers.scale(1);
    await expect(workers.scale(2)).rejects.toThrow('2 does not start');
    await expect(workers.restart('newer')).rejects.toThrow('2 does not start');
    expect(events).toEqual(['+1']);
    expect(workers.names).toEqual(['worker-1']);
  });
});

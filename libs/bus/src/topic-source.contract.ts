import { publicEvent } from '@atelier/contracts';
import { type TopicSource, readShards } from './topic-source.port';

/** A source under test: `append` makes at least one event in shard 0. */
export type SourceUnderTest = { readonly source: TopicSource; append(): Promise<unknown> };

/** What every TopicSource has to hold. Each context's spec calls this with its own factory. */
export const topicSourceContract = (name: string, make: () => Promise<SourceUnderTest>): void =>
  describe(`${name} keeps the contract of a topic source`, () => {
    const grown = async (times: number) => {
      const made = await make();
      const before = await made.source.end(0);
      for (let i = 0; i < times; i++) await made.append();
      return { ...made, before, end: await made.source.end(0) };
    };

    it('numbers the events of a shard without gaps, as public events of its log', async () => {
      const { source, before, end } = await grown(3);
      const events = await source.read(0, before, 1_000);
      expect(end).toBeGreaterThanOrEqual(before + 3);
      expect(events.map(({ pos }) => pos)).toEqual(Array.from({ length: end - before }, (_, i) => before + i + 1));
      for (const event of events) expect(publicEvent.parse(event)).toMatchObject({ log: source.log, shard: 0 });
    });

    it('answers the same event at a position whenever it is asked, in pages of any size', async () => {
      const { source, before } = await grown(3);
      const whole = await source.read(0, before, 1_000);
      const paged = [];
      for (let after = before; paged.length < whole.length; after++) paged.push(...(await source.read(0, after, 1)));
      expect(paged).toEqual(whole);
    });

    it('answers several shards at once as it answers each of them', async () => {
      const { source, before, end } = await grown(3);
      const spans = Array.from({ length: source.shards }, (_, shard) => ({ shard, after: shard === 0 ? before : 0, limit: 1_000 })).reverse();
      const page = { shard: 0, after: before + 1, limit: 1 };
      const asked = [page, ...spans, { shard: 0, after: end, limit: 10 }];
      const each = await Promise.all(asked.map(({ shard, after, limit }) => source.read(shard, after, limit)));
      expect(await readShards(source, asked)).toEqual(each);
      expect(each[0]?.map(({ pos }) => pos)).toEqual([before + 2]);
    });

    it('answers nothing behind its end', async () => {
      const { source, end } = await grown(1);
      expect(await source.read(0, end, 10)).toEqual([]);
    });

    it('gives a hint once the event can be read, until nobody listens', async () => {
      const { source, append } = await make();
      const seen: number[] = [];
      const before = await source.end(0);
      const hinted = new Promise<number>((resolve) => {
        const stop = source.onAppend((shard) => {
          stop();
          seen.push(shard);
          resolve(source.end(shard));
        });
      });
      await append();
      expect(await hinted).toBeGreaterThan(before);
      await append();
      expect(seen).toEqual([0]);
    });
  });

import { placesToSeek } from './group-beginning';

type Partition = { readonly committed: string; readonly high: string; readonly readMs: number; readonly firstSince: string };

const placesOf = (partitions: readonly Partition[], mine = partitions.map((_, i) => i)) =>
  placesToSeek(
    {
      fetchOffsets: async () => [{ topic: 't', partitions: partitions.map(({ committed }, partition) => ({ partition, offset: committed, metadata: null })) }],
      fetchTopicOffsets: async () => partitions.map(({ high }, partition) => ({ partition, high, offset: high, low: '2' })),
      fetchTopicOffsetsByTimestamp: async () => partitions.map(({ firstSince }, partition) => ({ partition, offset: firstSince })),
    },
    { topic: 't', groupId: 'g', partitions: mine, times: { of: async (partition) => partitions[partition]?.readMs ?? 0 } },
  );
const sound: Partition = { committed: '10', high: '12', readMs: 5, firstSince: '10' };

describe('where a group begins', () => {
  it('is its offset where nothing newer lies in front of it', async () => expect(await placesOf([sound, { ...sound, firstSince: '12' }])).toEqual([]));

  it('is in front of it where that has what was written after all that was handled', async () => {
    expect(await placesOf([sound, { ...sound, firstSince: '7' }])).toEqual([{ partition: 1, offset: '7', committed: '10' }]);
  });

  it('is the start of what is there where the offset lies behind the end', async () => {
    expect(await placesOf([{ ...sound, high: '9', firstSince: '9' }])).toEqual([{ partition: 0, offset: '2', committed: '10' }]);
  });

  it('is left to Kafka where the group has no offset, or nothing is known of what it handled', async () => {
    expect(await placesOf([{ ...sound, committed: '-1', firstSince: '0' }, { ...sound, readMs: 0, firstSince: '0' }])).toEqual([]);
  });

  it('is asked for the partitions of this member alone', async () => expect(await placesOf([{ ...sound, firstSince: '7' }, sound], [1])).toEqual([]));
});

import { invalidParameter } from '@atelier/rest-kit';

/** Where a reader stands in each shard of a topic, as opaque text: `0`, or positions by shard. */
export const positionText = (positions: readonly number[]): string =>
  Buffer.from(positions.flatMap((pos, shard) => (pos === 0 ? [] : [`${shard.toString(36)}.${pos.toString(36)}`])).join(',')).toString('base64url') || START;

/** The positions that a text stands for; 400/20001 for what no answer contained. */
export const positionsOf = (text: string, shards: number): number[] => {
  const positions = new Array<number>(shards).fill(0);
  if (text === '' || text === START) return positions;
  for (const pair of Buffer.from(text, 'base64url').toString().split(',')) {
    const [, shard, pos] = PAIR.exec(pair) ?? [];
    const number = parseInt(shard ?? '', 36);
    if (pos === undefined || !(number < shards)) throw invalidParameter('after', 'expected `next` of an earlier answer');
    positions[number] = parseInt(pos, 36);
  }
  return positions;
};

const START = '0';
const PAIR = /^([0-9a-z]{1,4})\.([0-9a-z]{1,10})$/;

import { SentHistory } from './sent-history';

const at = (...positions: [number, number][]): ReadonlyMap<number, number> => new Map(positions);

describe('what was sent to a partition', () => {
  it('is whole while the partition ends where it did, or later', () => {
    const history = new SentHistory();
    expect(history.found(0, 7n)).toBeUndefined();
    expect(history.sent(0, 7n, 3, at([0, 10]))).toBeUndefined();
    expect(history.sent(0, 10n, 2, at([0, 13]))).toBeUndefined();
    expect(history.found(0, 12n)).toBeUndefined();
    expect(history.found(0, 20n)).toBeUndefined(); // somebody else writes there, too
  });

  it('is sent again from in front of the write that was cut, each shard from its own place', () => {
    const history = new SentHistory();
    history.sent(0, 0n, 5, at([0, 0], [4, 100]));
    history.sent(0, 5n, 5, at([0, 5]));
    history.sent(0, 10n, 5, at([0, 10], [4, 103]));
    expect(history.found(0, 7n)).toEqual(at([0, 5], [4, 103])); // the second write lost its tail, the third is gone
    expect(history.found(0, 7n)).toBeUndefined(); // it is said once
  });

  it('is seen to be lost by the next write, whose place is in front of what was known', () => {
    const history = new SentHistory();
    history.sent(0, 0n, 5, at([0, 0]));
    history.sent(0, 5n, 5, at([0, 5]));
    expect(history.sent(0, 5n, 1, at([0, 10]))).toEqual(at([0, 0])); // the write that ends there may have lost a part as well
    expect(history.sent(0, 6n, 1, at([0, 11]))).toBeUndefined();
  });

  it('is lost from the start where the partition is empty', () => {
    const history = new SentHistory();
    history.sent(3, 0n, 5, at([3, 40]));
    expect(history.found(3, 0n)).toEqual(new Map());
    expect(history.found(0, 0n)).toBeUndefined(); // nothing was sent there
  });
});

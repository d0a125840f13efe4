import * as fc from 'fast-check';
import { positionText, positionsOf } from './topic-position';

describe('the position of a reader', () => {
  it('comes back from its text', () =>
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 50 }), { minLength: 64, maxLength: 64 }), (positions) => expect(positionsOf(positionText(positions), 64)).toEqual(positions))));

  it.each(['', '0'])('"%s" is the beginning', (text) => expect(positionsOf(text, 3)).toEqual([0, 0, 0]));
  it('of a reader that saw nothing is the beginning', () => expect(positionText([0, 0])).toBe('0'));

  it.each(['x', 'garbage!', Buffer.from('9.1').toString('base64url'), Buffer.from('0.-1').toString('base64url'), '%00', 'a'.repeat(4_096)])('"%s" is refused', (text) =>
    expect(() => positionsOf(text, 3)).toThrow(expect.objectContaining({ name: 'InvalidParameter' })));
});

import { type Counted, counter } from './sample-events';
import { specification } from './specification';

const { given } = specification(counter);
const counted = (by: number): Counted => ({ type: 'Counted', data: { by } });
const count = (by: number) => ({ type: 'Count', data: { by } }) as const;

describe('a specification', () => {
  it('holds where the decider does what it says', () => {
    given().when(count(3)).then(counted(3));
    given(counted(3)).when(count(0)).thenNothing();
    given(counted(3), counted(7)).when(count(1)).thenRejected('Conflict');
    expect(given(counted(1)).when(count(2)).events()).toEqual([counted(2)]);
  });
  it.each([
    ['another event', () => given().when(count(3)).then(counted(4))],
    ['one event more', () => given().when(count(3)).then(counted(3), counted(3))],
    ['nothing where something happened', () => given().when(count(3)).thenNothing()],
    ['something where nothing happened', () => given().when(count(0)).then(counted(0))],
    ['an event where it is rejected', () => given(counted(10)).when(count(1)).then(counted(1))],
    ['a rejection where it is none', () => given().when(count(1)).thenRejected('Conflict')],
    ['another rejection', () => given(counted(10)).when(count(1)).thenRejected('NotFound')],
  ])('fails where it says %s', (_, claim) => expect(claim).toThrow());
  it('compares facts, whatever the order of their fields', () => given().when(count(3)).then({ data: { by: 3 }, type: 'Counted' }));
  it('fails where a decision changes the state', () => {
    const impure: typeof counter = {
      ...counter,
      decide: {
        Count: (_, state) => {
          (state as { total: number }).total = 1; // against the type, as only a mistake would
          return [];
        },
      },
    };
    expect(() => specification(impure).given().when(count(1)).thenNothing()).toThrow(TypeError);
  });
});

import { segmentsOf } from './segments';

describe('the number of segments', () => {
  it.each([
    ['nothing', '', 1],
    ['160 GSM characters', 'x'.repeat(160), 1],
    ['161 GSM characters', 'x'.repeat(161), 2],
    ['306 GSM characters', 'x'.repeat(306), 2],
    ['307 GSM characters', 'x'.repeat(307), 3],
    ['80 characters of the second table', '€'.repeat(80), 1],
    ['81 characters of the second table', '€'.repeat(81), 2],
    ['70 characters of another script', 'я'.repeat(70), 1],
    ['71 characters of another script', 'я'.repeat(71), 2],
    ['one emoji among 69 letters', `${'x'.repeat(69)}🙂`, 2],
  ])('of %s', (_, body, segments) => expect(segmentsOf(body)).toBe(segments));
});

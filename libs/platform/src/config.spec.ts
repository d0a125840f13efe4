import { z } from 'zod';
import { oneOf, readConfig, wholeNumber } from './config';
import { cacheConfig } from './kafka-files';

const schema = z.object({ ATELIER_N: wholeNumber(3, 'A number.', 1), ATELIER_MODE: oneOf(['off', 'on'], 'A switch.') });

describe('the settings of a process', () => {
  it('have defaults', () => expect(readConfig(schema, {})).toEqual({ ATELIER_N: 3, ATELIER_MODE: 'off' }));

  it('are refused all at once, misspelt names with them', () => {
    expect(() => readConfig(schema, { ATELIER_N: '0', ATELIER_MODE: 'maybe', ATELIER_MODUS: 'on' })).toThrow(/ATELIER_MODUS: no such setting\n {2}ATELIER_N: .*\n {2}ATELIER_MODE: /);
  });

  it('may stand beside names of the tests and of the machine, which others need', () => {
    const env = { ATELIER_TEST_DATABASE_URL: 'x', ATELIER_CACHE_DIR: '/cache', ATELIER_N: '5', PATH: '/bin' };
    expect(readConfig(schema, env)).toEqual({ ATELIER_N: 5, ATELIER_MODE: 'off' });
    expect(readConfig(cacheConfig, { ATELIER_CACHE_DIR: '/cache' })).toEqual({ ATELIER_CACHE_DIR: '/cache' });
    expect(() => readConfig(schema, { ATELIER_CACHE_DIRS: '/cache' })).toThrow('ATELIER_CACHE_DIRS: no such setting');
  });
});

import { spawn } from 'node:child_process';
import { createRegexMatcher } from './regex-matcher';

describe('patterns of flows', () => {
  const { matches } = createRegexMatcher();

  it.each([
    ['[1-5]', '6', false],
    ['[1-5]', '3', true],
    ['YES|no', 'yes', true],
    ['a|b', 'ab', false],
    ['^(?=.*a)(?=.*b).*', 'xbya', true],
    ['(?i)ja', 'JA', true],
    ['[\\w-]+@x', 'a-b@x', true],
    ['\\d{4}-\\d{2}', '2026-11', true],
  ])('%s on %s', (pattern, subject, expected) => expect(matches(pattern, subject)).toBe(expected));

  it('says which cannot be read', () => expect(['(', 'a{2,1}', 'x'.repeat(5_000)].map((pattern) => matches(pattern, 'a'))).toEqual(['invalid', 'invalid', 'invalid']));

  it.each([
    ['a choice that repeats', '(a|a)*b', 'a'],
    ['a group that repeats a few times', '(a|a){30}b', 'a'],
    ['choices in a row', '(a|a)'.repeat(40), 'a'],
    ['options in a row', `${'a?'.repeat(40)}${'a'.repeat(40)}b`, 'a'],
    ['a repetition in a repetition', '(a*)*b', 'a'],
    ['a repetition by number', '(((a{0,100}){0,100}){0,100})b', 'a'],
    ['groups that are nested too deep to be compiled', `${'('.repeat(1_000)}a${')*'.repeat(1_000)}`, 'a'],
  ])('ends soon with %s', (_, pattern, each) => {
    const began = performance.now();
    expect(['too-slow', 'invalid', false]).toContain(matches(pattern, `${each.repeat(4_000)}!`));
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('stops one that would take for ever', () => {
    const began = performance.now();
    expect(matches('(a+)+$', `${'a'.repeat(4_000)}!`)).toBe('too-slow');
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(matches('a*', 'aaa')).toBe(true);
  });

  it('blames no pattern for a process that stood still meanwhile', () => {
    const subjectOf = (n: number): string => `${'a'.repeat(n)}!`;
    const msOf = (subject: string): number => {
      const began = performance.now();
      matches('(a+)+$', subject);
      return performance.now() - began;
    };
    let n = 14;
    while (msOf(subjectOf(n)) < 4) n++; // each character more takes twice as long
    const stop = spawn('sh', ['-c', 'sleep 0.2; kill -STOP $0; sleep 0.3; kill -CONT $0', String(process.pid)], { stdio: 'ignore' });
    const results = new Set<unknown>();
    let longestMs = 0;
    for (const end = performance.now() + 1_000; performance.now() < end; ) {
      const began = performance.now();
      results.add(matches('(a+)+$', subjectOf(n)));
      longestMs = Math.max(longestMs, performance.now() - began);
    }
    stop.kill();
    expect(longestMs).toBeGreaterThan(200); // it did stand still
    expect([...results]).toEqual([false]);
  });
});

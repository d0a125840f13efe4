/**
 * Matches a pattern of a flow against a whole subject, whatever the case, within a bounded time. `invalid`: no such pattern in the dialect;
 * `too-slow`: it ran out of its time.
 */
export interface RegexMatcher {
  matches(pattern: string, subject: string): boolean | 'invalid' | 'too-slow';
}

import { definitionOf, isReachable, validateDefinition } from './index';
import { flowOf, REQUIRED_PROPERTIES, state, trigger } from './samples';

const warningsOf = (value: unknown) => validateDefinition(value).warnings.map(({ property_path, code }) => `${code} ${property_path}`);
const set = (name: string, next?: string) => state(name, 'set-variables', {}, [{ event: 'next', ...(next && { next }) }]);
const ask = (name: string, next: string) =>
  state(
    name,
    'send-and-wait-for-reply',
    REQUIRED_PROPERTIES['send-and-wait-for-reply'],
    ['incomingMessage', 'timeout', 'deliveryFailure', 'incomingConversationMessage'].map((event) => ({ event, next })),
  );
const split = (name: string, ...transitions: readonly Record<string, unknown>[]) => state(name, 'split-based-on', { input: '{{x}}' }, transitions);
const match = (type: string, value: string, next?: string, argument = '{{x}}') => ({
  event: 'match',
  ...(next && { next }),
  conditions: [{ friendly_name: 'f', type, arguments: [argument], value }],
});

describe('warnings about the graph', () => {
  it('an ordinary flow has none', () =>
    expect(warningsOf(flowOf(split('a', { event: 'noMatch' }, match('regex', '[1-5]', 'b')), set('b')))).toEqual([]));
  it('a state that nothing leads to', () => expect(warningsOf(flowOf(set('a'), set('b')))).toEqual(['unreachable #/states/2']));
  it('no way to the end, however often somebody answers', () =>
    expect(warningsOf(flowOf(set('c', 'a'), ask('a', 'b'), ask('b', 'a')))).toEqual(['no-exit #/states/0']));
  it('a cycle that never waits, even with a way out', () =>
    expect(warningsOf(flowOf(set('a', 'b'), split('b', { event: 'noMatch', next: 'a' }, match('equal_to', '1'))))).toEqual([
      'cycle-without-wait #/states/1',
    ]));
  it('each such cycle is named once', () =>
    expect(
      warningsOf(
        flowOf(
          split('a', { event: 'noMatch', next: 'b' }, match('equal_to', '1', 'c'), match('equal_to', '2')),
          set('b', 'a'),
          split('c', { event: 'noMatch', next: 'c' }, match('equal_to', '1')),
        ),
      ).filter((w) => w.startsWith('cycle')),
    ).toHaveLength(2));
  it('a cycle through a widget that waits is an ordinary loop', () =>
    expect(warningsOf(flowOf(ask('a', 'b'), split('b', { event: 'noMatch', next: 'a' }, match('equal_to', '1'))))).toEqual([]));
  it('a split without noMatch', () => expect(warningsOf(flowOf(split('a', match('equal_to', '1'))))).toEqual(['split-without-no-match #/states/1']));
  it('an event twice: the first transition counts', () =>
    expect(
      warningsOf(
        flowOf(
          state('a', 'set-variables', {}, [
            { event: 'next', next: 'b' },
            { event: 'next', next: 'c' },
          ]),
          set('b'),
          set('c'),
        ),
      ),
    ).toEqual(['event-twice #/states/1/transitions/1/event', 'unreachable #/states/3']));
  it('match may occur often', () =>
    expect(warningsOf(flowOf(split('a', { event: 'noMatch' }, match('equal_to', '1'), match('equal_to', '2'))))).toEqual([]));
  it('a condition that tests something else than the input', () =>
    expect(warningsOf(flowOf(split('a', { event: 'noMatch' }, match('equal_to', '1', undefined, '{{y}}'))))).toEqual([
      'condition-argument-differs #/states/1/transitions/1/conditions/0/arguments/0',
    ]));
  it.each([
    ['(', true],
    ['[1-5', true],
    ['(?=.*a)(?=.*b).*', false],
    ['\\-', false],
    [' (?i)yes|no', false],
    ['({{x}}', false],
  ])('the pattern %s', (pattern, bad) =>
    expect(warningsOf(flowOf(split('a', { event: 'noMatch' }, match('regex', pattern))))).toEqual(
      bad ? ['invalid-regex #/states/1/transitions/1/conditions/0/value'] : [],
    ),
  );
  it('a template in the URL of a function', () =>
    expect(warningsOf(flowOf(state('a', 'run-function', { url: 'https://{{x}}' })))).toEqual(['liquid-in-function-url #/states/1/properties/url']));
  it('an initial state that is no trigger', () =>
    expect(warningsOf({ ...flowOf(set('a')), initial_state: 'a' })).toEqual(['unreachable #/states/0', 'initial-state-no-trigger #/initial_state']));
  it('a subflow inside of what its parent calls', () => {
    const start = state('Trigger', 'trigger', {}, [{ event: 'incomingParent', next: 'a' }]);
    expect(warningsOf({ ...flowOf(), states: [start, state('a', 'run-subflow', REQUIRED_PROPERTIES['run-subflow'])] })).toEqual([
      'nested-subflow #/states/1',
    ]);
  });
  it('unknown properties wherever they stand', () => {
    const [start, a] = [trigger('a'), { ...set('a'), sid: 'FF', properties: { old: null, variables: [{ key: 'k', value: 'v', also: 1 }] } }];
    expect(warningsOf({ ...flowOf(), states: [start, a], tags: [] }).sort()).toEqual([
      'unknown-property #/states/1/properties/old',
      'unknown-property #/states/1/properties/variables/0/also',
      'unknown-property #/states/1/sid',
      'unknown-property #/tags',
    ]);
  });
});

describe('which widgets a revision can come to', () => {
  const redirect = state('r', 'add-twiml-redirect', REQUIRED_PROPERTIES['add-twiml-redirect']);
  it('one that the trigger leads to', () =>
    expect(isReachable(definitionOf(JSON.stringify(flowOf(set('a', 'r'), redirect))), 'add-twiml-redirect')).toBe(true));
  it('not one that stands apart', () =>
    expect(isReachable(definitionOf(JSON.stringify(flowOf(set('a'), redirect))), 'add-twiml-redirect')).toBe(false));
});

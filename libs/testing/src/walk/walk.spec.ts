import { type JsonObject, sidOf } from '@atelier/contracts';
import { CONDITION_TYPES, importDefinition } from '@atelier/flow-definition';
import { createRegexMatcher } from '@atelier/platform';
import { matchingTexts } from './matching-text';
import type { Plan } from './planner';
import { type WalkReport, walk } from './walk';
import { walkedFlow } from './walked-flow';
import { PROPOSED_TYPES } from './wanted-values';

const FLOW = sidOf('FW', 'f'.repeat(32));
const SUBFLOW = sidOf('FW', '5'.repeat(32));

const state = (name: string, type: string, properties: JsonObject, next: Readonly<Record<string, string>> = {}): JsonObject => ({
  name, type, properties, transitions: Object.entries(next).map(([event, to]) => ({ event, ...(to && { next: to }) })),
});
const split = (name: string, input: string, conditions: readonly (readonly [string, string, string?])[], noMatch = ''): JsonObject => ({
  name, type: 'split-based-on', properties: { input },
  transitions: [
    { event: 'noMatch', ...(noMatch && { next: noMatch }) },
    ...conditions.map(([type, value, next]) => ({ event: 'match', ...(next && { next }), conditions: [{ friendly_name: '', arguments: [input], type, value }] })),
  ],
});
const ask = (name: string, next: string): JsonObject => state(name, 'send-and-wait-for-reply', { from: '+1', body: 'who?', timeout: '60' }, { incomingMessage: next, timeout: '', deliveryFailure: '' });
const set = (name: string, variables: Readonly<Record<string, string>>, next = ''): JsonObject =>
  state(name, 'set-variables', { variables: Object.entries(variables).map(([key, value]) => ({ key, value })) }, { next });
const fetched = (name: string, next: string): JsonObject => state(name, 'make-http-request', { url: 'https://example.com/', method: 'GET' }, { success: next, failed: next });

const walkOf = async (events: Readonly<Record<string, string>>, ...states: readonly JsonObject[]): Promise<WalkReport & { plans: readonly Plan[] }> => {
  const plans: Plan[] = [];
  const { definition, errors } = importDefinition(JSON.stringify({ description: '', states: [state('Trigger', 'trigger', {}, events), ...states], initial_state: 'Trigger' }));
  expect(errors).toEqual([]);
  const report = await walk(walkedFlow(FLOW, definition), async (plan) => (plans.push(plan), plan.taken));
  return { ...report, plans };
};
const all = async (events: Readonly<Record<string, string>>, ...states: readonly JsonObject[]): Promise<void> => expect((await walkOf(events, ...states)).missed).toEqual([]);
const BODY = '{{widgets.ask.inbound.Body}}';
const asked = { incomingMessage: 'ask' };

describe('a walk finds what makes a condition hold and what makes it fail', () => {
  it('for every type of condition', () => expect([...PROPOSED_TYPES].sort()).toEqual([...CONDITION_TYPES].sort()));

  it.each([
    ['equal_to', 'yes'], ['not_equal_to', 'yes'], ['matches_any_of', 'yes, yeah'], ['does_not_match_any_of', 'no,nope'], ['is_blank', 'Is Blank'], ['is_not_blank', 'Is Not Blank'],
    ['regex', '^(?=.*a)(?=.*b)[a-c]{2,4}$'], ['contains', 'b'], ['does_not_contain', 'b'], ['starts_with', 'b'], ['does_not_start_with', 'b'], ['less_than', '3'], ['greater_than', '2.5'],
    ['is_before_time', '12:30'], ['is_after_time', '12:30'], ['is_before_date', '2026-01-31'], ['is_after_date', '2026-01-31'],
  ])('%s', (type, value) => all(asked, ask('ask', 'check'), split('check', BODY, [[type, value]])));

  it('one after the other, also where all lead to one state', async () => {
    const { missed, plans } = await walkOf(asked, ask('ask', 'check'), split('check', BODY, [['equal_to', 'a', 'end'], ['equal_to', 'b', 'end'], ['is_not_blank', '', 'end']]), set('end', {}));
    expect(missed).toEqual([]);
    expect(new Set(plans.flatMap(({ taken }) => taken.flatMap(({ state: name, index }) => (name === 'check' ? [index] : []))))).toEqual(new Set([0, 1, 2, 3]));
  });

  it('and says which state stands in the way of what cannot be', async () => {
    const { missed } = await walkOf(asked, ask('ask', 'check'), split('check', BODY, [['equal_to', 'a'], ['not_equal_to', 'a']], 'end'), set('end', {}));
    expect(missed.map(({ position: { state: name, index } }) => `${name} ${index}`)).toEqual(['check 0', 'end 0']);
    for (const { reason } of missed) expect(reason).toMatch(/^state 2 \(split-based-on\) leaves by transition [12] and not by transition 0, whatever comes in \(\d+ tries\)$/);
  });
});

describe('a walk finds where a value can come from', () => {
  it('an answer, however deep, and its status', () =>
    all(asked, fetched('ask', 'deep'), split('deep', '{{widgets.ask.parsed.list[1].name | downcase}}', [['equal_to', 'ada', 'code']], 'code'),
      split('code', '{{widgets.ask.status_code}}', [['equal_to', '201'], ['equal_to', '404']])));

  it('the text of an answer', () => all(asked, fetched('ask', 'check'), split('check', '{{ widgets. ask .body }}', [['starts_with', 'ok']])));

  it('variables, through other templates', () =>
    all(asked, ask('ask', 'first'), set('first', { a: '{{widgets.ask.inbound.Body | plus: 1}}' }, 'second'), set('second', { b: '{% if flow.variables.a > 10 %}many{% else %}few{% endif %}' }, 'check'), split('check', '{{flow.variables.b}}', [['equal_to', 'many']])));

  it('a message, a request, a parent', async () => {
    await all({ incomingMessage: 'check' }, split('check', '{{trigger.message.Body}}', [['equal_to', 'go']]));
    await all({ incomingRequest: 'check' }, split('check', '{{flow.data.kind}}{{trigger.request.parameters.sort.name}}', [['equal_to', 'a'], ['equal_to', 'b']]));
    await all({ incomingParent: 'check' }, split('check', '{{trigger.parent.parameters.mode}}', [['equal_to', 'a']]));
    await all({ incomingMessage: 'check' }, split('check', '{{contact.channel.address}}', [['starts_with', 'whatsapp:']]));
  });

  it('a subflow that is somebody else’s', () =>
    all(asked, state('ask', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: 'LatestPublished' }, { completed: 'check', failed: '' }), split('check', '{{widgets.ask.result}}', [['equal_to', 'done']])));

  it('the clock', () =>
    all(asked, split('ask', '{{ "now" | date: "%H:%M" }}', [['is_before_time', '06:00', 'day'], ['is_after_time', '18:00', 'day']], 'day'), split('day', '{{ "now" | date: "%a" }}', [['matches_any_of', 'Sat,Sun']])));

  it('repeating itself until a count is reached', () =>
    all(asked, set('ask', { n: '{% if flow.variables.n %}{{flow.variables.n | plus: 1}}{% else %}1{% endif %}' }, 'question'), ask('question', 'right'), split('right', '{{widgets.question.inbound.Body}}', [['equal_to', 'right']], 'often'),
      split('often', '{{flow.variables.n}}', [['greater_than', '3']], 'ask')));

  it('a redirect that comes back, or does not', () =>
    all(asked, state('ask', 'add-twiml-redirect', { url: '{{trigger.message.Url}}', timeout: '60' }, { return: 'check', timeout: '', fail: '' }), split('check', '{{widgets.ask.Result}}', [['equal_to', 'paid']])));
});

describe('a text made for a pattern', () => {
  it.each([
    'yes|no', '[0-9]{5}', '^\\d{3}-\\d{4}$', '(ab)+c?', '[^a-z]+', '(?i)hello', '.*help.*', '(?=.*a)(?=.*b).*', '(?<year>\\d{4})-(0[1-9]|1[0-2])', '\\+?[1-9]\\d{6,14}', '[^@]+@[^@.]+\\.[a-z]{2,}', '[^\\w]',
  ])('matches %s', (pattern) =>
    expect(matchingTexts(pattern).filter((text) => createRegexMatcher().matches(pattern, text) !== true)).toEqual([]));

  it.each(['(', '[', '[^', 'a{2', '(?<x', '\\'])('ends for %s, which is none', (pattern) => expect(matchingTexts(pattern).length).toBeGreaterThan(0));
});

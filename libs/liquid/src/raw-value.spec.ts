import { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';

const NOW_MS = 0;
const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);
const context = { flow: { sid: 'FN1', variables: { n: 3, list: [{ n: 'a' }, { n: 'b' }] } } };

describe('the raw value of a template', () => {
  it.each([
    ['{{flow.variables.list}}', [{ n: 'a' }, { n: 'b' }]],
    [' {{ flow.variables.n | plus: 1 }} ', 4],
    ['{{ flow }}', context.flow],
    ['{{ flow.variables.list[0] }}', { n: 'a' }],
    ['{{ "[1]" | parse_json }}', [1]],
    ['{{ flow.variables | to_json | parse_json }}', context.flow.variables],
    ['{{ flow.variables.n == 3 }}', true],
    ['{{- flow.variables.n -}}', 3],
    ['{{ flow.variables.absent | default: 0 }}', 0],
    ['{{ 0 | timezone: "UTC" }}', '1970-01-01 00:00:00 +0000'],
    ['{{ empty }}', ''],
    ['{{missing}}', undefined],
  ])('%s has one', (source, value) => expect(liquid.parse(source).evaluate(context, NOW_MS)).toEqual({ value }));

  const none = ['text', '', 'a {{flow.sid}}', '{{flow.sid}}{{flow.sid}}', '{% if true %}a{% endif %}', '{{ 1 + 1 }}', '{{ flow.variables.list[9] }}'];
  it.each(none)('%s has none', (source) =>
    expect(liquid.parse(source).evaluate(context, NOW_MS)).toBeUndefined());
});

import type { JsonObject } from '@atelier/contracts';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';

const context: JsonObject = {
  flow: {
    sid: 'FN1',
    flow_sid: 'FW1',
    channel: { address: '+15557650001' },
    data: { a: '1', b: 'x' },
    variables: { n: 3, s: '3', z: '', list: [{ n: 'a' }, { n: 'b' }] },
  },
  contact: { channel: { address: '+15551230001' } },
  trigger: { message: { Body: ' Yes ' } },
  widgets: { h: { parsed: { data: '', person: { name: 'Al' }, last: 'own', list: [1, 2] }, status_code: 200 } },
  empty_list: [],
};
const NOW_MS = Date.UTC(2026, 0, 31, 7, 30); // 23:30 of the day before in Los Angeles
const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);
const render = (source: string, more: JsonObject = {}) => liquid.parse(source).render({ ...context, ...more }, NOW_MS);

describe("Studio's dialect", () => {
  it.each([
    ['Hi {{widgets.h.parsed.person.name}}', 'Hi Al'],
    ['{{ widgets. h .parsed.person.name }}', 'Al'],
    ['{{ widgets\n.h\n. parsed.person.name }}', 'Al'],
    ['{{trigger.message.Body | strip | downcase}}', 'yes'],
    ['{{missing.thing}}', ''],
    ['{{missing | default: "d"}}', 'd'],
    ['{% if flow.variables.n %}{{flow.variables.n | plus: 1}}{% else %}0{% endif %}', '4'],
    ['{{flow.variables.s | plus: 1}}', '4'],
    ['{{flow.data}}', '{a=1, b=x}'],
    ['{{widgets.h}}', '{parsed={data=, person={name=Al}, last=own, list=[1, 2]}, status_code=200}'],
    ['{{widgets.h.parsed.list}}', '12'],
    ['{{flow.data | to_json}}', '{"a":"1","b":"x"}'],
    ['{{contact.channel.address | url_encode}}', '%2B15551230001'],
    ["{{contact.channel.address | replace: '+', '%2B'}}", '%2B15551230001'],
    ['{% if widgets.h.parsed.data == empty %}E{% else %}N{% endif %}', 'E'],
    ['{% for i in flow.variables.list %}{{forloop.index}}{{i.n}}{% endfor %}', '1a2b'],
    ['{{7 | divided_by: 2}}', '3'],
    ['{{ -7 | divided_by: 2 }}', '-3'],
    ['{{7 | divided_by: 2.0}}', '3.5'],
    ['{{missing.thing | to_json}}', 'null'],
    ['{{missing.list[0].id}}', ''],
    ['{% if widgets. h .parsed.data == empty %}E{% endif %}', 'E'],
    ['{{flow.sid}}/{{flow.flow_sid}}', 'FN1/FW1'],
    ["{{ 'Hello *@*.' | replace: '@', flow.data.b }}", 'Hello *x*.'],
    ['{% case flow.variables.n %}{% when 3 %}three{% else %}other{% endcase %}', 'three'],
    ['{{widgets.h.parsed.last}}', 'own'],
    ['{{flow.variables.list.last.n}}', 'b'],
    ['{{flow.variables.list.size}}', '2'],
    ['{% if "3" == 3 %}same{% else %}other{% endif %}', 'other'],
    ['{% if flow.variables.s > 2 %}more{% endif %}', 'more'],
    ['{% if "10" > "9" %}more{% endif %}', 'more'],
    ['{% if "" %}true{% endif %}{% if 0 %}true{% endif %}', 'truetrue'],
    ['{% raw %}{{ a . b }}{% endraw %}', '{{ a . b }}'],
    ['{"a":{"b":{{flow.variables.n}}}}', '{"a":{"b":3}}'],
    ['plain } text }}', 'plain } text }}'],
    ["{{'{\"a\":1}' | parse_json | map: 'a' }}", '1'],
    ['{{ nothing | plus: 1 }}', '1'],
    ['{{ 5 | modulo: 3 }}', '2'],
    ['{{ 2.5 | plus: 1 }}', '3.5'],
    ['{% ifchanged %}a{% endifchanged %}{% ifchanged %}a{% endifchanged %}', 'a'],
    ['{{ "\n  1\n" | plus: 1 }}', '2'],
  ])('%s', (source, expected) => expect(render(source)).toEqual({ text: expected }));

  it('takes an index from a variable', () => {
    const one = { flow: { variables: { s: '1', list: [{ n: 'a' }] } } };
    expect(render('{% assign i = flow.variables.s | minus: 1 %}{{flow.variables.list[i].n}}', one)).toEqual({ text: 'a' });
  });

  it.each([
    ['a missing index', '{{flow.variables.list[9].n}}'],
    ['a missing index of an empty list', '{{empty_list[0]}}'],
    ['the 16th iteration', '{% for i in (1..16) %}x{% endfor %}'],
    ['the 16th iteration over two loops', '{% for i in (1..8) %}x{% endfor %}{% for i in (1..8) %}x{% endfor %}'],
    ['the 16th iteration of a table', '{% tablerow i in (1..16) %}x{% endtablerow %}'],
    ['text in arithmetic', '{{"abc" | plus: 1}}'],
    ['an operator in an output', '{{ 1 + 1 }}'],
    ['an unknown filter', '{{ "a" | nofilter }}'],
    ['an unknown tag', '{% frob %}'],
    ['a tag that would read a file', '{% include "package.json" %}'],
    ['another one', '{% render "package.json" %}'],
    ['and another one', '{% layout "package.json" %}'],
    ['an output that is not closed', 'a {{ b'],
    ['a block that is not closed', '{% if a %}'],
    ['a name outside ASCII', '{{ flow.größe }}'],
    ['a division by nothing', '{{ 1 | divided_by: 0 }}'],
    ['a text that is too long', '{{ flow.data.b | append: long }}'],
    ['a doubling bomb', '{% assign a = long %}{% for i in (1..15) %}{% assign a = a | append: a %}{% endfor %}{{ a }}'],
    ['a range bomb', '{% for i in (1..1000000000) %}x{% endfor %}'],
    ['deep nesting', '{% if a %}'.repeat(20_000)],
  ])('%s is an error and prints nothing', (_, source) => {
    const { text, error } = render(source, { long: 'y'.repeat(16_384) });
    expect(text).toBe('');
    expect(error).toMatch(/./);
  });

  it('reads own properties only', () => expect(render('{{flow.constructor.name}}{{flow.__proto__}}{{flow.toString}}')).toEqual({ text: '' }));
});

describe('dates', () => {
  it.each([
    ['{{ "now" | date: "%Y-%m-%d %H:%M" }}', '2026-01-30 23:30'],
    ['{{ "today" | date: "%A" }}', 'Friday'],
    ['{{ "now" | date: "%H:%M", "Europe/Berlin" }}', '08:30'],
    ['{{ "now" | timezone: "Asia/Tokyo" | date: "%d %H:%M" }}', '31 16:30'],
    ['{{ 0 | date: "%Y-%m-%d" }}', '1969-12-31'],
    ['{{ "2024-03-01" | date: "%d.%m.%Y" }}', '01.03.2024'],
    ['{{ "2024-03-01 10:00:00" | date: "%H" }}', '10'],
    ['{{ "2024-03-01T10:00:00Z" | date: "%H" }}', '02'],
    ['{{ "no date" | date: "%H" }}', 'no date'],
    ['{{ "now" | date: "%a %b %e %I %j %p %S %y %%" }}', 'Fri Jan 30 11 030 PM 00 26 %'],
  ])('%s', (source, expected) => expect(render(source)).toEqual({ text: expected }));
});

describe('the raw value of a template', () => {
  it.each([
    ['{{flow.variables.list}}', [{ n: 'a' }, { n: 'b' }]],
    [' {{ flow.variables.n | plus: 1 }} ', 4],
    ['{{missing}}', undefined],
  ])('%s has one', (source, value) => expect(liquid.parse(source).evaluate(context, NOW_MS)).toEqual({ value }));

  it.each(['text', 'a {{flow.sid}}', '{{flow.sid}}{{flow.sid}}', '{% if true %}a{% endif %}'])('%s has none', (source) =>
    expect(liquid.parse(source).evaluate(context, NOW_MS)).toBeUndefined());
});

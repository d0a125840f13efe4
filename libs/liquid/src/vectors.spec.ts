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
  widgets: { h: { parsed: { data: '', person: { name: 'Al' }, last: 'own', list: [1, 2], mixed: [1, null, { k: [] }] }, status_code: 200 } },
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
    ['{{widgets.h}}', '{parsed={data=, person={name=Al}, last=own, list=[1, 2], mixed=[1, null, {k=[]}]}, status_code=200}'],
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
    ['{{widgets.h.parsed.mixed}}', '1null{k=[]}'],
    ['{{ flow.data | append: "!" }}', '{a=1, b=x}!'],
    ['{{ flow.variables.list [0] .n }}', 'a'],
    ['{{ flow["data"]["a"] }}', '1'],
    ['{{ flow.data.missing[3] }}{{ flow.sid[3] }}', ''],
    ['{% assign x = "50%}" %}{{ x }}', '50%}'],
    ['{{ "a\\nb" }}', 'a\\nb'],
    ['{% comment %}{{ größe }} {% frob %}{% endcomment %}after', 'after'],
    ['{% if flow.sid <> "x" and (false or true) %}y{% endif %}', 'y'],
    ['{% if true or false and false %}right to left{% endif %}', 'right to left'],
    ['{% if widgets.h.parsed contains "x" %}y{% else %}n{% endif %}', 'n'],
    ['{% capture c %}{{ flow.sid }}!{% endcapture %}{{ c }}', 'FN1!'],
    ['{% increment n %}{% increment n %}{% decrement m %}', '01-1'],
    ['{% unless flow.sid %}a{% else %}b{% endunless %}', 'b'],
    ['{% for i in (1..3) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}', '13'],
    ['{% for i in (1..9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}', '12'],
    ['{% for i in (1..20) limit: 2 offset: 3 %}{{ i }}{% endfor %}', '45'],
    ['{% for i in flow.variables.list reversed %}{{ i.n }}{% cycle "-", "." %}{% endfor %}', 'b-a.'],
    ['{% for i in empty_list %}x{% else %}none{% endfor %}', 'none'],
    ['{% for pair in flow.data %}{{ pair[0] }}:{{ pair[1] }} {% endfor %}', 'a:1 b:x '],
    ['{% tablerow i in (1..2) %}{{ i }}{% endtablerow %}', '<tr class="row1"><td class="col1">1</td><td class="col2">2</td></tr>'],
    ['a {%- if true -%} b {%- endif -%} c', 'abc'],
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
    ['two values in one output', '{{ flow.sid flow.sid }}'],
    ['two values in one condition', '{% if flow.sid flow.sid %}x{% endif %}'],
    ['two values inside a block', '{% ifchanged %}{{ flow.sid flow.sid }}{% endifchanged %}'],
    ['an index before the list', '{{ flow.variables.list[-1] }}'],
    ['an unknown filter', '{{ "a" | nofilter }}'],
    ['an unknown tag', '{% frob %}'],
    ['a tag that would read a file', '{% include "package.json" %}'],
    ['another one', '{% render "package.json" %}'],
    ['and another one', '{% layout "package.json" %}'],
    ['a filter that only liquidjs knows', '{{ flow.sid | where: "a" }}'],
    ['a tag that only liquidjs knows', '{% echo flow.sid %}'],
    ['an output that is not closed', 'a {{ b'],
    ['a block that is not closed', '{% if a %}'],
    ['a name outside ASCII', '{{ flow.größe }}'],
    ['a division by nothing', '{{ 1 | divided_by: 0 }}'],
    ['a text that is too long', '{{ flow.data.b | append: long }}'],
    ['a doubling bomb', '{% assign a = long %}{% for i in (1..15) %}{% assign a = a | append: a %}{% endfor %}{{ a }}'],
    ['a range bomb', '{% for i in (1..1000000000) %}x{% endfor %}'],
    ['deep nesting', '{% if a %}'.repeat(6_500)],
    ['a template that is too long', '{{ a }}'.repeat(20_000)],
    ['a chain of quotes in quotes', `{{ '"' ${'| to_json'.repeat(60)} }}`],
    ['a block that is kept and too long', '{% capture c %}{{ long }}{{ long }}{% endcapture %}'],
    ['a text without a template that is too long', 'y'.repeat(16_385)],
  ])('%s is an error and prints nothing', (_, source) => {
    const { text, error } = render(source, { long: 'y'.repeat(16_384) });
    expect(text).toBe('');
    expect(error).toMatch(/./);
  });

  it('says which template can never render', () => {
    expect(liquid.parse('{{ 1 + 1 }}').parseError).toMatch(/./);
    expect(liquid.parse('{{ missing[0] }}{{ 1 | divided_by: 0 }}')).not.toHaveProperty('parseError');
  });

  it('changes nothing of what it is given', () => {
    const given = { n: 5, list: [2, 1] };
    const template = liquid.parse('{% increment n %}{% decrement m %}{% assign n = 9 %}{{ list | sort | reverse | join }}');
    expect(template.render(given, NOW_MS)).toEqual({ text: '0-12 1' });
    expect(given).toEqual({ n: 5, list: [2, 1] });
  });

  it('takes limits and zone from its options', () => {
    const wide = createLiquid({ timezone: 'Europe/Berlin', iterationsMax: 100, charactersMax: 50_000, renderMs: 1_000 });
    expect(wide.parse('{% for i in (1..100) %}x{% endfor %}').render({}, NOW_MS).text).toHaveLength(100);
    expect(wide.parse('{{ "now" | date: "%H:%M %z" }}').render({}, NOW_MS)).toEqual({ text: '08:30 +0100' });
    expect(wide.parse('{{ a }}').render({ a: 'x'.repeat(50_000) }, NOW_MS).text).toHaveLength(50_000);
  });

  it('reads own properties only', () => expect(render('{{flow.constructor.name}}{{flow.__proto__}}{{flow.toString}}')).toEqual({ text: '' }));
});

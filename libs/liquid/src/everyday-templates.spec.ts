import type { JsonObject } from '@atelier/contracts';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';

const NOW_MS = Date.UTC(2026, 0, 31, 7, 30); // 23:30 of the day before in Los Angeles
const context: JsonObject = {
  trigger: {
    message: { Body: ' I want 2 Pizzas, please ', MediaUrl0: 'https://x/y?a=1&b=2' },
    request: { parameters: { name: 'Ann', ok: true, no: false, nothing: null, list: ['x', 'y', 'z'], map: {}, none: [], blank: '' } },
  },
  contact: { channel: { address: '+14155551212' } },
  flow: {
    data: { name: 'Ann', price: '19.99', qty: '3' },
    variables: { attempts: 2, s: '10', spaces: '   ', zero: 0, html: '<p>Hi <b>you</b></p>', 'my-var': 'dash', 'my var': 'space', index: 1, key: 'name', day: '2021-05-06' },
  },
  widgets: {
    http_1: { parsed: { results: [{ name: 'A', tags: ['t1', 't2'] }, { name: 'B', tags: [] }, { name: 'a' }], map: { z: 1, y: [1, { q: null }] } }, body: '{"x":1}' },
    'gather-1': { Digits: '12', SpeechResult: "I'd like Ünï 💬" },
  },
};
const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);
const render = (source: string) => liquid.parse(source).render(context, NOW_MS);

// What flows that were written for Studio say every day, each worked out from its engine's rules (`spec/liquid.md`).
describe.each<[string, [string, string][]]>([
  [
    'dates',
    [
      ['{{ "now" | date: "%H" | plus: 0 }}', '23'],
      ['{{ "now" | date: "%s" | plus: 86400 | date: "%A" }}', 'Saturday'],
      ["{{ 'now' | date: '%I:%M %p' }}", '11:30 PM'],
      ['{{ flow.variables.day | date: "%B %e, %Y" }}', 'May 6, 2021'],
      ["{% assign h = 'now' | date: '%H' | plus: 0 %}{% if h >= 9 and h < 17 %}open{% else %}closed{% endif %}", 'closed'],
      ['{{ "2020-01-01T00:00:00.000Z" | date: "%B %d, %Y %H" }}', 'December 31, 2019 16'],
      ['{{ flow.variables.day | date: "%s" }}', '1620284400'],
      ["{{ nil | date: '%Y' }}{{ '' | date: '%Y' }}", ''],
    ],
  ],
  [
    'numbers',
    [
      ['{{ flow.data.price | times: flow.data.qty }}', '59.97'],
      ["{{ flow.data.qty | minus: '1' }}", '2'],
      ['{{ 10 | divided_by: 4 }} {{ 10 | divided_by: 4.0 }} {{ flow.variables.s | divided_by: 3 }}', '2 2.5 3'],
      ['{% assign cents = flow.data.price | times: 100 | round %}{{ cents }}', '1999'],
      ["{{ '  7 ' | plus: ' 8 ' }} {{ '-1.5' | plus: 1 }}", '15 -0.5'],
      ['{{ 5 | minus: 10 | at_least: 0 }}', '0'],
      ['{{ 12345678901 | times: 1000 }}', '12345678901000'],
      ['{% assign sum = 0 %}{% assign all = "1,2,3" | split: "," %}{% for i in all %}{% assign sum = sum | plus: i %}{% endfor %}{{ sum }}', '6'],
    ],
  ],
  [
    'texts',
    [
      ["{{ trigger.message.Body | strip | split: ' ' | first }}", 'I'],
      ["{% assign w = trigger.message.Body | strip | split: ' ' %}{{ w[2] }}/{{ w.size }}/{{ w | last }}", '2/5/please'],
      ["{{ trigger.message.Body | downcase | remove: ',' | strip }}", 'i want 2 pizzas please'],
      ["{{ 'a,b,,' | split: ',' | size }}", '2'],
      ['{{ contact.channel.address | slice: 2, 10 }}', '4155551212'],
      ["{{ contact.channel.address | remove: '+' | size }}", '11'],
      ['{{ "Hello there you" | truncatewords: 2, \'\' }} {{ "Hello" | truncate: 4 }}', 'Hello there H...'],
      ['{{ flow.variables.html | strip_html }}', 'Hi you'],
      ['{{ trigger.message.MediaUrl0 | url_encode }}', 'https%3A%2F%2Fx%2Fy%3Fa%3D1%26b%3D2'],
      ['{{ widgets.gather-1.SpeechResult | upcase }}', "I'D LIKE ÜNÏ 💬"],
      ['{{ "abc" | split: "" | reverse | join: "" }}', 'cba'],
      ['{{ flow.data.name | append: " " | append : flow.data.qty }}', 'Ann 3'],
      ['Price: ${{ 3 }} { {{ 1 }} }', 'Price: $3 { 1 }'],
    ],
  ],
  [
    'paths',
    [
      ['{{ trigger.request.parameters[flow.variables.key] }}', 'Ann'],
      ["{{ flow['variables']['my var'] }} {{ flow.variables.my-var }}", 'space dash'],
      ["{{ widgets['gather-1'].Digits | plus: 0 }}", '12'],
      ['{{ widgets.http_1.parsed.results[flow.variables.index].name }}', 'B'],
      ['{{ widgets.http_1.parsed.results.first.name }}{{ widgets.http_1.parsed.results.last.name }}{{ widgets.http_1.parsed.results.size }}', 'Aa3'],
      ["{{ widgets.http_1.parsed.results[0].tags | join: '/' }}", 't1/t2'],
      ['{{ widgets.http_1.parsed.map }} {{ widgets.http_1.parsed.map.size }}', '{z=1, y=[1, {q=null}]} 2'],
      ['{{ widgets.http_1.parsed.map | to_json }}', '{"z":1,"y":[1,{"q":null}]}'],
      ['{{ widgets.http_1.body }}', '{"x":1}'],
      ['{{ trigger.request.parameters.ok }}{{ trigger.request.parameters.nothing }}{{ trigger.request.parameters.no }}', 'truefalse'],
      ['{{ widgets.none.parsed.results[0].x }}', ''],
      ['{"name": {{ flow.data.name | to_json }}, "n": {{ flow.variables.attempts | to_json }}}', '{"name": "Ann", "n": 2}'],
    ],
  ],
  [
    'conditions',
    [
      ["{% if flow.data.qty == '3' %}text{% endif %}{% if flow.data.qty == 3 %}number{% endif %}", 'text'],
      ['{% if flow.variables.attempts >= 2 and flow.data.name == "Ann" %}y{% endif %}', 'y'],
      ["{% if trigger.message.Body contains 'Pizza' and trigger.request.parameters.list contains 'y' %}y{% endif %}", 'y'],
      ['{% if flow.data.none == nil %}n{% endif %}{% if flow.data.none == null %}n{% endif %}{% if flow.data.none == empty %}e{% endif %}', 'nn'],
      ['{% if flow.data.none == blank %}b{% endif %}{% if flow.variables.spaces == blank %}b{% endif %}', 'bb'],
      ['{% if trigger.request.parameters.none == empty %}e{% endif %}{% if trigger.request.parameters.map == empty %}e{% endif %}', 'ee'],
      ["{% if flow.data.none != '' %}different{% endif %}", 'different'],
      ['{% if flow.variables.zero %}t{% endif %}{% if trigger.request.parameters.blank %}t{% endif %}{% if trigger.request.parameters.no %}f{% endif %}', 'tt'],
      ['{% if 1 == 1.0 %}y{% endif %}{% if flow.data.none > 3 %}n{% endif %}{% if "abc" > 3 %}n{% endif %}', 'y'],
      ["{%if flow.data.name=='Ann'%}y{%endif%}", 'y'],
      ["{% if flow.data.name == 'x' %}1{% elsif flow.data.name == 'Ann' %}2{% else %}3{% endif %}", '2'],
      ["{% case flow.data.name %}{% when 'Bob', 'Ann' %}in{% else %}out{% endcase %}{% case flow.data.qty %}\n{% when '1' or '3' %}or{% endcase %}", 'inor'],
      ['{{ flow.data.none | default: "d" }}{{ trigger.request.parameters.blank | default: "e" }}{{ flow.variables.zero | default: 9 }}', 'de0'],
    ],
  ],
  [
    'loops',
    [
      ['{% for r in widgets.http_1.parsed.results %}{{ forloop.index }}. {{ r.name }}{% unless forloop.last %}, {% endunless %}{% endfor %}', '1. A, 2. B, 3. a'],
      ['{% for r in widgets.http_1.parsed.results limit:2 offset:1 %}{{ r.name }}{{ forloop.index0 }}{{ forloop.rindex }}{{ forloop.length }} {% endfor %}', 'B022 a112 '],
      ['{% for i in (1..flow.variables.attempts) %}{{ i }}{% endfor %}{% for i in (1..3) reversed %}{{ i }}{% endfor %}', '12321'],
      ["{% for i in (1..4) %}{% cycle 'a','b' %}{% endfor %}", 'abab'],
      ['{% for i in flow.data.none %}x{% endfor %}done', 'done'],
      ['{% tablerow i in (1..3) cols:2 %}{{ i }}{% endtablerow %}', '<tr class="row1"><td class="col1">1</td><td class="col2">2</td></tr><tr class="row2"><td class="col1">3</td></tr>'],
      ["{{ widgets.http_1.parsed.results | map: 'name' | sort_natural | join: ',' }}", 'A,a,B'],
      ["{{ 'b,a,b' | split: ',' | uniq | join: '' }}{{ trigger.request.parameters.list }}", 'baxyz'],
    ],
  ],
  [
    'marks',
    [
      ['{%- assign x = 1 -%}  a  {{- x -}}  b', 'a1b'],
      ['{% raw %}{{ x }}{% endraw %}', '{{ x }}'],
      ['a{% comment %} {{ x {% if %} {% endcomment %}b', 'ab'],
      ['a {%- comment -%} {{ x {%- endcomment -%} b', 'ab'],
      ["{{ 'a' }}}", 'a}'],
    ],
  ],
])('%s', (_, templates) => {
  it.each(templates)('%s', (source, expected) => expect(render(source)).toEqual({ text: expected }));
});

describe('a mistake in a template', () => {
  it.each([
    '{% assign w = trigger.message.Body | split: " " %}{{ w[9] }}',
    '{{ widgets.http_1.parsed.results[1].tags[0] }}',
    '{{ flow.variables.spaces | plus: 1 }}',
    '{{ flow.data.name }',
    '{{ flow.data. }}',
    '{{ flow.data.name | }}',
    '{{ flow..data }}',
    '{% if flow.data. == 1 %}x{% endif %}',
    '{% if flow.data.name = "Ann" %}x{% endif %}',
    '{% if flow.data.name && true %}x{% endif %}',
    '{% if false %}a{% else if true %}b{% endif %}',
    '{% endif %}',
    '{% assign x %}',
    "{{ 'not closed }}",
    '{{ flow.data.name | default("x") }}',
    "{{ '/etc/passwd' | read }}",
  ])('%s is an error', (source) => expect(render(source)).toEqual({ text: '', error: expect.stringMatching(/./) }));
});

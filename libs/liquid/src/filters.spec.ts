import type { JsonObject } from '@atelier/contracts';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';
import { FILTERS } from './filters';
import { TAGS } from './tags';

const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);
const context: JsonObject = {
  map: { k: 'v', n: null },
  list: [3, 1, 2],
  mixed: ['b', null, { x: 1 }],
  people: [{ name: 'Al' }, {}, { name: 'Bo' }],
  html: `<b>Tom & "Al's"</b>`,
  nothing: {},
};
const render = (source: string) => liquid.parse(source).render(context, 0);

describe('numbers', () => {
  it.each([
    ['{{ " 3 " | plus: "4" }}', '7'],
    ['{{ 1 | plus: missing }}', '1'],
    ['{{ missing | minus: 2 }}', '-2'],
    ['{{ "2.5" | times: 2 }}', '5'],
    ['{{ 7 | divided_by: 2.5 }}', '2.8'],
    ['{{ 7.0 | divided_by: 2 }}', '3.5'],
    ['{{ "7" | divided_by: "2" }}', '3'],
    ['{{ -7 | modulo: 3 }}', '-1'],
    ['{{ -4 | abs }}{{ "-4.5" | abs }}{{ "x" | abs }}', '44.5x'],
    ['{{ 1.2 | ceil }}{{ 1.8 | floor }}{{ "1.2" | ceil }}', '212'],
    ['{{ 2.5 | round }} {{ -2.5 | round }} {{ 3.14159 | round: 2 }} {{ 3 | round: 2 }} {{ "x" | round }}', '3 -3 3.14 3.00 0'],
    ['{{ 3 | at_least: 5 }}{{ 3 | at_most: 2 }}{{ "x" | at_least: 5 }}', '52x'],
  ])('%s', (source, expected) => expect(render(source)).toEqual({ text: expected }));

  it.each(['"1x" | plus: 1', 'true | plus: 1', '1 | plus: list', '1 | plus', '5 | modulo: 0', '"9e307" | times: 1000'])('%s is an error', (code) =>
    expect(render(`{{ ${code} }}`).error).toMatch(/./));
});

describe('texts', () => {
  it.each([
    ['{{ "hello World" | capitalize }}', 'Hello World'],
    ['{{ "Ab" | upcase }}{{ "Ab" | downcase }}', 'ABab'],
    ['[{{ " a " | strip }}{{ " a " | lstrip }}{{ " a " | rstrip }}]', '[aa  a]'],
    ['{{ html | escape }}', `&lt;b&gt;Tom &amp; &quot;Al's&quot;&lt;/b&gt;`],
    ['{{ html | h }}', `&lt;b&gt;Tom &amp; &quot;Al's&quot;&lt;/b&gt;`],
    ['{{ "&lt; & <" | escape_once }}', '&lt; &amp; &lt;'],
    ['{{ html | strip_html }}', `Tom & "Al's"`],
    ['{{ "a\r\nb\n" | strip_newlines }}', 'ab'],
    ['{{ "a\nb" | newline_to_br }}', 'a<br />\nb'],
    ['{{ "a.b.a" | replace: "a", "c" }} {{ "a.b.a" | replace_first: "a", "c" }}', 'c.b.c c.b.a'],
    ['{{ "a.b.a" | remove: "a" }} {{ "a.b.a" | remove_first: "a" }}', '.b. .b.a'],
    ['{{ "a" | append: 1 | prepend: true }}', 'truea1'],
    ['{{ map | append: "!" }} {{ "m: " | append: map }}', '{k=v, n=null}! m: {k=v, n=null}'],
    ['{{ list | append: "!" }}', '312!'],
    ['{{ map | upcase }}', '{K=V, N=NULL}'],
    ["{{ \"a b*(~)!'\" | url_encode }}", 'a+b*%28%7E%29%21%27'],
    ['{{ "a+b%2B" | url_decode }}', 'a b+'],
    ['{{ "Ground control" | truncate: 9 }} {{ "abc" | truncate }} {{ "abcdef" | truncate: 4, "" }}', 'Ground... abc abcd'],
    ['{{ "a b c" | truncatewords: 2 }} {{ "a b c" | truncatewords: 3 }}', 'a b... a b c'],
    ['{{ "abc" | slice: 1 }}{{ "abc" | slice: -2, 2 }}', 'bbc'],
    ['{{ "a,b,c" | split: "," | join: "-" }} {{ "ab" | split: "" | join }}', 'a-b-c a b'],
    ['{{ "abc" | size }}{{ missing | upcase }}', '3'],
  ])('%s', (source, expected) => expect(render(source)).toEqual({ text: expected }));

  it.each(['"a" | replace: missing, "b"', '"a" | replace: "a", missing', '"a" | remove: missing', '"%" | url_decode'])('%s is an error', (code) =>
    expect(render(`{{ ${code} }}`).error).toMatch(/./));
});

describe('lists and values', () => {
  it.each([
    ['{{ list | sort }} {{ list | reverse }} {{ list | size }} {{ list | first }} {{ list | last }}', '123 213 3 3 2'],
    ['{{ "b,A" | split: "," | sort_natural | join: "," }}', 'A,b'],
    ['{{ people | map: "name" | join: "," }}', 'Al,Bo'],
    ['{{ people | map: "constructor" | size }}', '0'],
    ['{{ mixed | join: "," }}', 'b,,{x=1}'],
    ['{{ mixed | compact | size }}', '2'],
    ['{{ list | concat: list | uniq | join }}', '3 1 2'],
    ['{{ list | slice: 1, 2 | join }}', '1 2'],
    ['{{ missing | default: "a" }}{{ "" | default: "b" }}{{ false | default: "c" }}{{ nothing | default: "d" }}{{ 0 | default: "e" }}', 'abcd0'],
    ['{{ map | to_json }} {{ "a" | to_json }} {{ missing | json }}', '{"k":"v","n":null} "a" null'],
    [`{% assign o = '{"a":[1,2]}' | parse_json %}{{ o.a[1] }}`, '2'],
  ])('%s', (source, expected) => expect(render(source)).toEqual({ text: expected }));

  it('parsing what is no JSON is an error', () => expect(render('{{ "{" | parse_json }}').error).toMatch(/JSON/));
});

// A filter or tag that is lost in an update of liquidjs would break flows one template at a time.
describe('every name of the dialect', () => {
  it.each(FILTERS)('%s is a filter', (name) => expect(liquid.parse(`{{ "1" | ${name}: 1 }}`)).not.toHaveProperty('parseError'));
  it.each(TAGS)('%s is a tag', (name) =>
    expect(liquid.parse(`{% ${name} %}`).parseError ?? '').not.toMatch(/not found/));
});

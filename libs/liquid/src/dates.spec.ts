import { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';

const NOW_MS = Date.UTC(2026, 0, 31, 7, 30); // 23:30 of the day before in Los Angeles
const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);
const render = (source: string) => liquid.parse(source).render({}, NOW_MS);

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
    ['{{ "2024-03-01T10:00:00+09:00" | date: "%d %H:%M" }}', '29 17:00'],
    ['{{ "Sat, 31 Jan 2026 07:30:00 +0000" | date: "%H:%M" }}', '23:30'],
    ['{{ "Sat Jan 31 07:30:00 EST 2026" | date: "%H" }}', '04'],
    ['{{ "March 14, 2016" | date: "%b %d, %y" }}', 'Mar 14, 16'],
    ['{{ "1769844600" | date: "%F %T" }}', '2026-01-30 23:30:00'],
    ['{{ "2026-07-01 12:00" | date: "%z %Z %s" }}', '-0700 PDT 1782932400'],
    ['{{ "2026-03-08 02:30:00" | date: "%H:%M %Z" }}', '03:30 PDT'],
    ['{{ "2026-11-01 01:30:00" | date: "%H:%M %Z" }}', '01:30 PDT'],
    ['{{ "2026-01-31 07:30" | timezone: "Europe/Berlin" | date: "%H %z" }}', '07 +0100'],
    ['{{ "now" | timezone: "Asia/Tokyo" }}', '2026-01-31 16:30:00 +0900'],
    ['{{ "now" | timezone: "Asia/Tokyo" | append: "!" }}', '2026-01-31 16:30:00 +0900!'],
    ['{{ "now" | timezone: "Asia/Tokyo" | to_json }}', '"2026-01-31 16:30:00 +0900"'],
    ['{{ "now" | timezone: "Asia/Kolkata" | date: "%z" }}', '+0530'],
    ['{{ "2024-02-29" | date: "%j %U %W %u %w" }}', '060 08 09 4 4'],
    ['{{ "2023-01-01" | date: "%U %W %u %w" }}', '01 00 7 0'],
    ['{{ "now" | date: "%c|%x|%X" }}', 'Fri Jan 30 23:30:00 2026|01/30/26|23:30:00'],
    ['{{ "2024-03-05 09:05" | date: "%-d %-m %k %l %-I %p" }}', '5 3 9 9 9 AM'],
    ['{{ "now" | date: "%q %" }}', '%q %'],
    ['{{ "2024-02-30" | date: "%d" }}', '2024-02-30'],
    ['{{ "Hello 5" | date: "%Y" }}', 'Hello 5'],
    ['{{ 99999999999999 | date: "%Y" }}', '99999999999999'],
    ['{{ missing | date: "%Y" }}', ''],
    ['{{ "now" | date }}{{ "now" | date: "" }}', 'nownow'],
    ['{{ "no date" | date: "%H" }}', 'no date'],
    ['{{ "now" | date: "%a %b %e %I %j %p %S %y %%" }}', 'Fri Jan 30 11 030 PM 00 26 %'],
  ])('%s', (source, expected) => expect(render(source)).toEqual({ text: expected }));

  it('of a zone that does not exist are an error', () => expect(render('{{ "now" | date: "%H", "Moon/Base" }}').error).toMatch(/Moon/));

  // The zone of the machine and its language must not show: a replay elsewhere decides the same.
  it('do not read the clock', () => expect(liquid.parse('{{ "now" | date: "%s" }}').render({}, 86_400_000)).toEqual({ text: '86400' }));
});

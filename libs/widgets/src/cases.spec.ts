import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Widget, WIDGETS } from './index';
import { type WidgetCase, playCase } from './play-case';

/** Conversations are not executed yet, so no reply comes in by their event. */
const UNREACHED: Readonly<Record<string, readonly string[]>> = { 'send-and-wait-for-reply': ['incomingConversationMessage'] };

const widgets = WIDGETS as readonly unknown[] as readonly Widget[]; // what each receives when it runs is checked by its cases
const executed = widgets.filter(({ behaviour }) => behaviour !== undefined);
const fileOf = (type: string): string => join(__dirname, `${type}.cases.json`);
const casesOf = (type: string): readonly WidgetCase[] => (existsSync(fileOf(type)) ? (JSON.parse(readFileSync(fileOf(type), 'utf8')) as WidgetCase[]) : []);

describe.each(executed.map((widget) => [widget.type, widget] as const))('%s', (type, widget) => {
  const cases = casesOf(type);
  const leaves = cases.flatMap(({ outcome }) => (outcome.kind === 'leave' ? [outcome.by] : []));

  it('has cases', () => expect(cases).not.toEqual([]));

  it('names each of its cases once', () => expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length));

  it.each(cases.map((each) => [each.name, each] as const))('%s', (_, played) => {
    expect(widget.stored.safeParse(played.properties).error?.issues ?? []).toEqual([]);
    expect(playCase(widget, played)).toEqual({ outcome: played.outcome, warnings: played.warnings ?? [] });
  });

  it('leaves by declared transitions only', () => expect(widget.transitions).toEqual(expect.arrayContaining(leaves)));

  it('has a case for every transition that it can leave by', () =>
    expect([...new Set(leaves), ...(UNREACHED[type] ?? [])].sort()).toEqual([...widget.transitions].sort()));

  it('has a case for everything that may arrive', () =>
    expect([...new Set(cases.flatMap(({ arrives }) => (arrives ? [arrives.as] : [])))].sort()).toEqual(Object.keys(widget.behaviour?.resume ?? {}).sort()));
});

it('no type has cases that is not executed', () => expect(widgets.filter(({ type }) => existsSync(fileOf(type)))).toEqual(executed));

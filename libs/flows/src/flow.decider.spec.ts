import { Rejection } from '@atelier/contracts';
import { decideWith, fold } from '@atelier/event-store';
import { type FlowCommand, type Judged, flows } from './flow.decider';
import type { FlowEvent } from './flow.events';

const accountSid = `AC${'a'.repeat(32)}` as const;
const stranger = `AC${'b'.repeat(32)}` as const;
const flowSid = `FW${'1'.repeat(32)}` as const;
const judged = (definitionSha256 = 'd1', valid = true): Judged => ({ definitionSha256, reportSha256: null, valid, widgets: 3 });
const save = { accountSid, authorSid: null, status: 'draft', commitMessage: null } as const;

const create = (data: Partial<Extract<FlowCommand, { type: 'CreateFlow' }>['data']> = {}): FlowCommand => ({
  type: 'CreateFlow',
  data: { ...save, flowSid, friendlyName: 'first', judged: judged(), ...data },
});
const revise = (data: Partial<Extract<FlowCommand, { type: 'SaveRevision' }>['data']> = {}): FlowCommand => ({ type: 'SaveRevision', data: { ...save, ...data } });
const remove = (expected?: number): FlowCommand => ({ type: 'DeleteFlow', data: { accountSid, expected } });
const test = (...testUsers: string[]): FlowCommand => ({ type: 'ReplaceTestUsers', data: { accountSid, testUsers } });

/** What commands one after the other cause; the last one's events, or the name of its rejection. */
const after = (...commands: FlowCommand[]): readonly FlowEvent[] | string => {
  const history: FlowEvent[] = [];
  let last: readonly FlowEvent[] = [];
  for (const [i, command] of commands.entries()) {
    try {
      last = decideWith(flows, command, fold(flows, history));
    } catch (error) {
      if (i === commands.length - 1 && error instanceof Rejection) return error.name;
      throw error;
    }
    history.push(...last);
  }
  return last;
};
const onlyOf = (result: readonly FlowEvent[] | string): FlowEvent => {
  if (typeof result === 'string' || result.length !== 1) throw new Error(`expected one event, found ${JSON.stringify(result)}`);
  return result[0] as FlowEvent; // its length was looked at
};

describe('a flow', () => {
  it('begins with revision 1', () =>
    expect(onlyOf(after(create()))).toEqual({
      type: 'FlowCreated',
      data: { ...save, ...judged(), friendlyName: 'first', revision: 1 },
    }));
  it('is created once under its identifier', () => {
    expect(after(create(), create())).toBe('Conflict');
    expect(after(create(), remove(), create())).toBe('Conflict');
  });
  it('belongs to its account', () => {
    expect(after(create(), revise({ accountSid: stranger }))).toBe('NotFound');
    expect(after(create(), { type: 'DeleteFlow', data: { accountSid: stranger } })).toBe('NotFound');
    expect(after(create(), { type: 'ReplaceTestUsers', data: { accountSid: stranger, testUsers: [] } })).toBe('NotFound');
  });
  it('is gone once deleted', () => {
    expect(onlyOf(after(create(), remove())).type).toBe('FlowDeleted');
    for (const command of [revise(), remove(), test('a')]) expect(after(create(), remove(), command)).toBe('NotFound');
    expect(after(revise())).toBe('NotFound');
  });
});

describe('a save', () => {
  it('is a revision of its own, also when only its message is new', () =>
    expect(onlyOf(after(create(), revise({ commitMessage: 'why' }))).data).toMatchObject({ revision: 2, commitMessage: 'why', friendlyName: 'first', definitionSha256: 'd1' }));
  it('keeps what it does not name, but not the message', () =>
    expect(onlyOf(after(create({ commitMessage: 'one' }), revise({ friendlyName: 'second', judged: judged('d2') }), revise())).data).toMatchObject({
      revision: 3, friendlyName: 'second', definitionSha256: 'd2', commitMessage: null,
    }));
  it('tells what was before', () =>
    expect(onlyOf(after(create({ commitMessage: 'one' }), revise({ status: 'published' })))).toMatchObject({
      type: 'FlowPublished',
      data: { before: { revision: 1, status: 'draft', friendlyName: 'first', commitMessage: 'one', definitionSha256: 'd1' } },
    }));
  it('with a status of published publishes what is there', () => expect(onlyOf(after(create(), revise({ status: 'published' }))).type).toBe('FlowPublished'));
  it('refuses a revision that is not the latest', () => {
    expect(after(create(), revise(), revise({ expected: 1 }))).toBe('StaleRevision');
    expect(onlyOf(after(create(), revise(), revise({ expected: 2 }))).data).toMatchObject({ revision: 3 });
    expect(after(create(), revise(), remove(1))).toBe('StaleRevision');
  });
});

describe('a draft with errors', () => {
  const broken = create({ judged: judged('d1', false) });
  it('is kept', () => expect(onlyOf(after(broken)).data).toMatchObject({ valid: false }));
  it('cannot be published', () => {
    expect(after(create({ status: 'published', judged: judged('d1', false) }))).toBe('InvalidDefinition');
    expect(after(broken, revise({ status: 'published' }))).toBe('InvalidDefinition');
  });
  it('stays one through a new name', () => expect(onlyOf(after(broken, revise({ friendlyName: 'x' }))).data).toMatchObject({ valid: false, friendlyName: 'x' }));
  it('can be mended', () => expect(onlyOf(after(broken, revise({ status: 'published', judged: judged('d2') }))).type).toBe('FlowPublished'));
});

describe('test users', () => {
  it('are replaced, and how many there were is told', () =>
    expect(onlyOf(after(create(), test('a', 'b'), test('c')))).toEqual({ type: 'TestUsersReplaced', data: { accountSid, testUsers: ['c'], numberBefore: 2 } }));
  it('asked for twice, nothing happens', () => expect(after(create(), test('a'), test('a'))).toEqual([]));
  it('leave the revision alone', () => expect(onlyOf(after(create(), test('a'), revise())).data).toMatchObject({ revision: 2 }));
});

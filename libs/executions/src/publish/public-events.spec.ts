import { type WarningCode, WARNINGS, publicEvent, sidOf, stepSidOf } from '@atelier/contracts';
import type { ExecutionEvent } from '@atelier/engine';
import { publicCount, publicEventsOf } from './public-events';

const sid = sidOf('FN', 'e'.repeat(32));
const execution = { sid, account: sidOf('AC', 'a'.repeat(32)), flow: sidOf('FW', 'f'.repeat(32)), contact: '+1', revision: 3, initiatedBy: 'SM1' };
const warning = (code: WarningCode): ExecutionEvent => ({ type: 'WarningRaised', step: 2, widget: 'ask', code, message: `why ${code}` });
const published = (events: readonly ExecutionEvent[], body = JSON.stringify(events)) => publicEventsOf({ shard: 7, pos: 40, count: publicCount(events), atMs: Date.UTC(2026, 0, 31), body }, execution);

describe('a warning of an execution', () => {
  it.each(Object.entries(WARNINGS))('%s is published with its severity, its step and its widget', (code, { severity }) => {
    const [event] = published([warning(Number(code) as WarningCode)]);
    expect(publicEvent.parse(event)).toMatchObject({
      type: 'atelier.execution.warning.v1',
      subject: sid,
      data: { execution_sid: sid, account_sid: execution.account, flow_sid: execution.flow, step_sid: stepSidOf(sid, 2), widget: 'ask', code: Number(code), severity, message: `why ${code}` },
    });
  });

  it('stands among the other events in their order, and private ones take no place', () => {
    const events: readonly ExecutionEvent[] = [
      { type: 'EffectEnded', step: 2, outcome: { ok: false, code: 81011, message: 'no' } },
      warning(81011),
      { type: 'StepTaken', step: 2, widget: 'ask', widgetType: 'send-and-wait-for-reply', by: 'deliveryFailure', to: 'Ended', enteredAtMs: 0 },
      { type: 'ExecutionEnded', reason: 'FLOW_END' },
    ];
    expect(published(events).map(({ pos, type }) => [pos, type])).toEqual([
      [38, 'atelier.execution.warning.v1'],
      [39, 'com.twilio.studio.flow.step.ended'],
      [40, 'com.twilio.studio.flow.execution.ended'],
    ]);
  });

  it('leaves its place behind where its execution was removed', () =>
    expect(published([warning(81018), warning(81018)], '').map(({ pos, type }) => [pos, type])).toEqual([[39, 'atelier.execution.removed.v1'], [40, 'atelier.execution.removed.v1']]));
});

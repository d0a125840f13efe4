import { type PublicEvent, accountOfEvent, triggerRecord } from '@atelier/contracts';
import type { KeyedResult } from '../publish/trigger-results';
import type { TakenRecord } from './trigger-records';

/** What became of a record, under the record's own key. */
export const keyedResult = (event: PublicEvent, { result, deadLetter }: TakenRecord): KeyedResult => ({
  key: keyOf(event),
  result,
  ...(deadLetter !== undefined && { letter: { pos: event.pos, reason: deadLetter, record: JSON.stringify(event), account: accountOfEvent(event) } }),
});

const keyOf = (event: PublicEvent): string => {
  const { data } = triggerRecord.safeParse(event);
  return data ? `${data.data.account_sid}|${data.data.flow_sid}|${data.data.to}` : (event.subject ?? '');
};

import type { JsonObject } from '@atelier/contracts';
import { type Arrived, executionOf, inboundOf, messageData, repetitionKeyOf, sidesOf } from './inbound';

const arrived = (body: JsonObject, query: JsonObject = {}, idempotencyToken?: string): Arrived => ({ body, query, idempotencyToken });
const SMS = { MessageSid: 'SM1', SmsSid: 'SM1', SmsStatus: 'received', From: '+15551230001', To: '+15557650001', Body: 'hi' };
const CALL = { CallSid: 'CA1', CallStatus: 'ringing', From: '+15551230001', To: '+15557650001' };
const FN = `FN${'a'.repeat(32)}`;

describe('what a request to the webhook is', () => {
  it.each([
    ['an event for the widget', arrived(SMS, { FlowEvent: 'return' }), 'flow-event'],
    ['an event for the widget, also with a call', arrived(CALL, { FlowEvent: 'audioComplete' }), 'flow-event'],
    ['a message that only writes of events', arrived({ ...SMS, FlowEvent: 'return' }), 'message'],
    ['a conversation', arrived({ EventType: 'onMessageAdded', ConversationSid: 'CH1', MessageSid: 'IM1' }), 'conversation'],
    ['a delivery status', arrived({ MessageSid: 'SM1', MessageStatus: 'delivered', SmsStatus: 'delivered' }), 'message-status'],
    ['a call', arrived(CALL), 'call'],
    ['a message', arrived(SMS), 'message'],
    ['a message with its old name', arrived({ SmsSid: 'SM1', From: '+1', To: '+2' }), 'message'],
    ['a message by GET', arrived({}, SMS), 'message'],
    ['nothing we know', arrived({ From: '+1', To: '+2' }), 'unreadable'],
    ['nothing we know, with empty names', arrived({ MessageSid: '', CallSid: '' }), 'unreadable'],
  ])('%s', (_, request, kind) => expect(inboundOf(request)).toMatchObject({ kind }));

  it('is an ended call by its status', () => {
    expect(inboundOf(arrived(CALL))).toMatchObject({ isOver: false });
    expect(inboundOf(arrived({ ...CALL, CallStatus: 'completed' }))).toMatchObject({ isOver: true });
  });

  it('hands on what was posted, but not what only we put into the URL', () =>
    expect(inboundOf(arrived(SMS, { FlowEvent: 'return', ExecutionSid: FN, StepSid: 'FT1', bodySHA256: 'x', own: '1' }))).toEqual({
      kind: 'flow-event',
      event: 'return',
      parameters: { ...SMS, own: '1' },
    }));
});

describe('the execution that a URL names', () => {
  it('is found whatever its case', () => expect(executionOf(arrived({}, { ExecutionSid: FN.replaceAll('a', 'A') }))).toBe(FN));
  it('is none where the text is no identifier', () => expect(executionOf(arrived({}, { ExecutionSid: 'FN1' }))).toBeUndefined());
  it('is none where only the body names one: the URL is ours, the body is not', () => expect(executionOf(arrived({ ExecutionSid: FN }))).toBeUndefined());
});

describe('the two sides', () => {
  it('are the sender and the address written to', () => expect(sidesOf(SMS)).toEqual({ contact: SMS.From, address: SMS.To, addresses: [SMS.To] }));
  it('include the messaging service, so that a reply finds an execution created with it', () =>
    expect(sidesOf({ ...SMS, MessagingServiceSid: 'MG1' })).toEqual({ contact: SMS.From, address: SMS.To, addresses: [SMS.To, 'MG1'] }));
  it('of a service’s RCS channel are the bare contact and the service', () =>
    expect(sidesOf({ ...SMS, From: 'rcs:+15551230001', MessagingServiceSid: 'MG1' })).toEqual({ contact: '+15551230001', address: 'MG1', addresses: ['MG1', SMS.To] }));
  it('are unknown where one is missing', () => expect([sidesOf({ From: '+1' }), sidesOf({ From: '', To: '+1' }), sidesOf({ From: ['+1'], To: '+2' })]).toEqual([undefined, undefined, undefined]));
});

describe('what makes a repetition recognisable', () => {
  const keyOf = (request: Arrived) => repetitionKeyOf(inboundOf(request), request);

  it('is the message, whatever the token', () => expect([keyOf(arrived(SMS)), keyOf(arrived(SMS, {}, 't1'))]).toEqual(['message:SM1', 'message:SM1']));
  it('is the token of a status report: later ones name the same message', () =>
    expect(keyOf(arrived({ MessageSid: 'SM1', MessageStatus: 'sent' }, {}, 't1'))).toBe('token:t1'));
  it('is the token of an event, or else its call or message together with the event', () => {
    expect(keyOf(arrived(SMS, { FlowEvent: 'return' }, 't1'))).toBe('token:t1');
    expect(keyOf(arrived(SMS, { FlowEvent: 'return' }))).toBe('event:SM1:return');
    expect(keyOf(arrived(CALL, { FlowEvent: 'return' }))).toBe('event:CA1:return');
  });
  it('is nothing where the request says nothing', () => expect(keyOf(arrived({}, { FlowEvent: 'return' }))).toBeUndefined());
});

describe('what becomes trigger.message', () => {
  it('is what was posted, with JSON parameters parsed', () =>
    expect(messageData({ ...SMS, ChannelAttributes: '{"a":1}', AddOns: 'no JSON' })).toEqual({ ...SMS, ChannelAttributes: { a: 1 }, AddOns: 'no JSON' }));

  it('keeps JSON as text that is nested deeper than the engine walks, or is no object', () => {
    const AddOns = `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`;
    expect(messageData({ AddOns, ChannelAttributes: '[1]' })).toEqual({ AddOns, ChannelAttributes: '[1]' });
  });
  it('has its text cut where it is oversized', () => expect(messageData({ Body: 'x'.repeat(70_000) })).toEqual({ Body: 'x'.repeat(65_536) }));
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { type Widget, WIDGETS, widgetOf } from './index';

/** The table of `spec/widgets.md` 6. */
const EVENTS: Readonly<Record<string, string>> = {
  trigger: 'incomingMessage, incomingCall, incomingConversationMessage, incomingRequest, incomingParent',
  'split-based-on': 'match, noMatch',
  'set-variables': 'next',
  'fork-stream': 'next',
  'send-message': 'sent, failed',
  'send-and-wait-for-reply': 'incomingMessage, timeout, deliveryFailure, incomingConversationMessage',
  'say-play': 'audioComplete',
  'gather-input-on-call': 'keypress, speech, timeout',
  'record-voicemail': 'recordingComplete, noAudio, hangup',
  'record-call': 'success, failed',
  'make-http-request': 'success, failed',
  'run-function': 'success, fail',
  'run-conversation-relay': 'success, failed',
  'connect-call-to': 'callCompleted, hangup',
  'make-outgoing-call-v1': 'answered, answeredByMachine, busy, noAnswer, failed, hangup',
  'make-outgoing-call-v2': 'answered, busy, noAnswer, failed',
  'enqueue-call': 'callComplete, failedToEnqueue, callFailure',
  'send-to-flex': 'callComplete, failedToEnqueue, callFailure, composerStarted',
  'capture-payments': 'success, maxFailedAttempts, providerError, payInterrupted, hangup, validationError',
  'connect-virtual-agent': 'return, hangup',
  'connect-virtual-agent-v2': 'completed, live-agent-handoff, paused, hangup, timeout, failed',
  'add-twiml-redirect': 'return, timeout, fail',
  'run-subflow': 'completed, failed',
  'start-conversation': 'created, failed',
  'resume-conversation': 'resumed, failed',
  'send-to-auto-pilot': 'sessionEnded, failure, timeout',
};

const widgets = WIDGETS as readonly unknown[] as readonly Widget[]; // what each receives when it runs does not matter here
const shapeOf = (schema: z.ZodType): Readonly<Record<string, z.ZodType>> => (schema as z.ZodObject).shape;

describe('the catalogue', () => {
  it('holds the 26 types of Studio, each once', () => {
    expect(widgets.map(({ type }) => type).sort()).toEqual(Object.keys(EVENTS).sort());
    expect(widgets).toHaveLength(26);
  });

  it('finds a widget by its type and nothing by any other name', () => {
    for (const widget of widgets) expect(widgetOf(widget.type)).toBe(widget);
    for (const name of ['Trigger', 'constructor', '__proto__', '']) expect(widgetOf(name)).toBeUndefined();
  });

  it('only the conversation starters need an execution started over REST', () =>
    expect(widgets.filter((w) => w.requiresRestTrigger).map(({ type }) => type)).toEqual(['start-conversation', 'resume-conversation']));
});

describe.each(widgets.map((w) => [w.type, w] as const))('%s', (type, widget) => {
  it('leaves by the events that Studio knows', () => expect([...widget.transitions].sort()).toEqual(EVENTS[type]?.split(', ').sort()));

  it('lies in the file of its name', () => expect(existsSync(join(__dirname, `${type}.ts`))).toBe(true));

  it('names as literal only properties that it has', () =>
    expect(Object.keys(shapeOf(widget.stored))).toEqual(expect.arrayContaining([...widget.literal])));

  it('keeps what it does not know, at the canvas position too', () => {
    expect(shapeOf(widget.stored)['offset']?.safeParse({ x: 1, y: -2, z: 'kept' }).data).toEqual({ x: 1, y: -2, z: 'kept' });
    expect(widget.stored.safeParse({ old: 1 }).error?.issues.filter(({ code }) => code === 'unrecognized_keys') ?? []).toEqual([]);
  });

  it('renders nothing that is no text', () => {
    const others = Object.entries(shapeOf(widget.stored)).filter(([, schema]) => schema.safeParse(1).success || schema.safeParse(true).success);
    expect(widget.literal).toEqual(expect.arrayContaining(others.map(([name]) => name)));
  });
});

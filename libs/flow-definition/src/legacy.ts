import { listOf, objectOf, textOf } from './outline';

/**
 * The export format of 2018 and 2019 (`spec/studio.md` 2.6): states point at each other by SID, types have older names, what is unused is null.
 * Types that were seen in no export but follow the same pattern are in the table too.
 */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['InitialState', 'trigger'],
  ['Branch', 'split-based-on'],
  ['SetVariables', 'set-variables'],
  ['Message', 'send-message'],
  ['MessagePrompt', 'send-and-wait-for-reply'],
  ['Function', 'run-function'],
  ['Gather', 'gather-input-on-call'],
  ['SayPlay', 'say-play'],
  ['Record', 'record-voicemail'],
  ['ConnectCaller', 'connect-call-to'],
  ['EnqueueCall', 'enqueue-call'],
  ['SendToFlex', 'send-to-flex'],
  ['OutgoingCall', 'make-outgoing-call-v1'],
  ['HttpRequest', 'make-http-request'],
  ['Webhook', 'make-http-request'],
  ['TwimlRedirect', 'add-twiml-redirect'],
  ['SendToAutopilot', 'send-to-auto-pilot'],
]);

type Values = Readonly<Record<string, unknown>>;

/** Whether a value is a definition of that format: no initial state, but a state of the type InitialState. */
export const isLegacy = (value: unknown): boolean =>
  objectOf(value)['initial_state'] === undefined && listOf(objectOf(value)['states']).some((state) => objectOf(state)['type'] === 'InitialState');

/** The same flow in today's format, keys in the order of today's exports. What is not understood is passed on, for validation to judge. */
export const convertLegacy = (value: unknown): Values => {
  const { description, states: old, ...others } = objectOf(value);
  const nameOf = new Map(listOf(old).map((state) => [objectOf(state)['sid'], objectOf(state)['name']]));
  const initial = listOf(old).find((state) => objectOf(state)['type'] === 'InitialState');
  return {
    ...(description !== undefined && description !== null && { description }),
    states: listOf(old).map((state) => stateOf(objectOf(state), nameOf)),
    initial_state: objectOf(initial)['name'],
    // Concurrent calls became the default in October 2018; these flows are older or were made as if.
    flags: { allow_concurrent_calls: false },
    ...others,
  };
};

type Names = ReadonlyMap<unknown, unknown>;

const stateOf = ({ sid: _, type, transitions, properties, ...others }: Values, nameOf: Names): Values => ({
  ...others,
  type: TYPES.get(textOf(type) ?? '') ?? type,
  transitions: listOf(transitions).map((transition) => transitionOf(objectOf(transition), nameOf)),
  properties: withoutNulls(objectOf(properties)),
});

const transitionOf = ({ uuid: _, next, conditions, ...others }: Values, nameOf: Names): Values => ({
  ...others,
  ...(next !== null && next !== undefined && next !== '' && { next: nameOf.get(next) ?? next }),
  ...(listOf(conditions).length > 0 && { conditions }),
});

const withoutNulls = ({ flow_url: _, ...properties }: Values): Values =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));

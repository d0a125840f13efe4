import type { ExecutionState } from '@atelier/engine';
import { ADDRESS, CONTACT, type Filling, type Move, answerOf, formOf, objectOf } from './moves';
import type { Scene } from './rehearsal';
import type { Path } from './template-paths';
import type { WalkedFlow } from './walked-flow';

/** Values that moves may bring in: by the whole path at which templates find them. */
export type Values = ReadonlyMap<string, Filling>;

const TRIGGER_PLACES: Readonly<Record<string, readonly Path[]>> = {
  incomingMessage: [['trigger', 'message']],
  incomingCall: [['trigger', 'call']],
  incomingConversationMessage: [['trigger', 'conversation']],
  incomingRequest: [['flow', 'data'], ['trigger', 'request', 'parameters']],
  incomingParent: [['trigger', 'parent', 'parameters'], ['flow', 'data']],
};
const CONTACT_PLACE: Path = ['contact', 'channel', 'address'];
const ADDRESS_PLACE: Path = ['flow', 'channel', 'address'];

/** Where an execution waits for something from outside. */
export type Stop = {
  /** The state of the walked flow that it stands at; undefined before its start. */
  readonly place: string | undefined;
  /** Whether what comes in by this event can bring in a value for this path. */
  brings(event: string, path: Path): boolean;
  /** What can be done so that the state is left by this event, with these values. */
  moves(event: string, values: Values, afterMs: number): readonly Move[];
};

/** Undefined: the execution is over, or has left the walked flow. */
export const stopOf = (scene: Scene, { flow }: WalkedFlow): Stop | undefined => {
  const { state } = scene;
  if (state.execution === undefined) return OPENING;
  const level = state.frames.findIndex((frame) => frame.flow === flow);
  if (level === -1 || !state.stop || state.stop.kind === 'bounded') return undefined;
  const inner = state.frames[level + 1];
  return inner ? stubStop(inner.parent?.widget ?? '') : ownStop(state.stop);
};

const below = (places: readonly Path[], path: Path): Path | undefined => {
  const place = places.find((each) => each.length < path.length && each.every((name, i) => path[i] === name));
  return place && path.slice(place.length);
};

/** The values that stand below these places, by the names that lead to them from there. */
const fillingsBelow = (places: readonly Path[], values: Values): readonly Filling[] =>
  [...values.values()].flatMap(({ path, value }) => {
    const rest = below(places, path);
    return rest ? [{ path: rest, value }] : [];
  });

const addressAt = (place: Path, values: Values, otherwise: string): string => String(values.get(place.join('\n'))?.value || otherwise);

const OPENING: Stop = {
  place: undefined,
  brings: (event, path) => [CONTACT_PLACE, ADDRESS_PLACE].some((place) => place.join() === path.join()) || below(TRIGGER_PLACES[event] ?? [], path) !== undefined,
  moves: (event, values, afterMs) => {
    const fillings = fillingsBelow(TRIGGER_PLACES[event] ?? [], values);
    const isRequest = event === 'incomingRequest' || event === 'incomingParent';
    const parameters = isRequest ? objectOf(fillings) : { Body: 'Hello', ...formOf(fillings) };
    return [{ kind: 'start', event, contact: addressAt(CONTACT_PLACE, values, CONTACT), address: addressAt(ADDRESS_PLACE, values, ADDRESS), parameters, afterMs }];
  },
};

/** In a stub under a foreign SID: what it fetches becomes the outputs of the run-subflow state. */
const stubStop = (place: string): Stop => ({
  place,
  brings: (_, path) => below([['widgets', place]], path) !== undefined,
  moves: (_, values) => [answerOf(200, fillingsBelow([['widgets', place]], values).map(({ path, value }) => ({ path: ['parsed', ...path], value })))],
});

const ownStop = (stop: Exclude<NonNullable<ExecutionState['stop']>, { kind: 'bounded' }>): Stop => {
  const { widget: place } = stop;
  const outputs: Path = ['widgets', place];
  if (stop.kind === 'wait')
    return {
      place,
      brings: (event, path) => event !== 'timeout' && below([event === 'incomingMessage' ? [...outputs, 'inbound'] : outputs], path) !== undefined,
      moves: (event, values, afterMs) => waitMoves(event, outputs, values, afterMs),
    };
  return {
    place,
    brings: (_, path) => (stop.effect.kind === 'http.request' || stop.effect.kind === 'function.run') && below([outputs], path) !== undefined,
    moves: (event, values) => effectMoves(stop.effect.kind, event, fillingsBelow([outputs], values), stop.step % 4 < 2),
  };
};

const waitMoves = (event: string, outputs: Path, values: Values, afterMs: number): readonly Move[] => {
  switch (event) {
    case 'timeout':
      return [{ kind: 'timeout' }];
    case 'deliveryFailure':
      return [{ kind: 'undelivered' }];
    case 'incomingMessage':
      return [{ kind: 'reply', parameters: { Body: 'Hello', ...formOf(fillingsBelow([[...outputs, 'inbound']], values)) }, afterMs }];
    default:
      return [{ kind: 'event', event, parameters: formOf(fillingsBelow([outputs], values)), afterMs }];
  }
};

/** `isRefused`: which of two ways to fail comes first, so that both occur. */
const effectMoves = (kind: string, event: string, fillings: readonly Filling[], isRefused: boolean): readonly Move[] => {
  if (kind === 'subflow.resolve') return [{ kind: 'resolve', exists: event !== 'failed' }];
  if (kind === 'message.send') return [{ kind: 'send', isAccepted: event === 'deliveryFailure' ? !isRefused : event !== 'failed' }];
  if (event === 'success') return [answerOf(200, fillings)];
  const failures: readonly Move[] = [answerOf(500, fillings), { kind: 'no-answer' }];
  return isRefused ? failures : [...failures].reverse();
};

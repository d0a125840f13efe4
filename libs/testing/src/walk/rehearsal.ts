import { type AccountSid, type FlowSid, type JsonObject, sidOf } from '@atelier/contracts';
import type { ExecutionInput, ExecutionState, Program, ProgramRef, Trigger } from '@atelier/engine';
import type { Effect, EffectOutcome, HttpRequest, MessageRequest } from '@atelier/widgets';
import type { Position } from './flow-graph';
import type { Move } from './moves';
import type { WalkRules } from './split-probe';
import { takenIn } from './taken-positions';
import type { WalkedFlow } from './walked-flow';

type Of<K extends Move['kind']> = Extract<Move, { kind: K }>;

/** An execution as far as it has been thought through: where it stands, how it came there, and what it took of the walked flow. */
export type Scene = {
  readonly state: ExecutionState;
  readonly nowMs: number;
  readonly moves: readonly Move[];
  readonly taken: readonly Position[];
  /** How many of them were taken after each move. */
  readonly reached: readonly number[];
};

const ACCOUNT: AccountSid = sidOf('AC', 'a'.repeat(32));
const MESSAGE = `SM${'5'.repeat(32)}`;
const EXECUTION = sidOf('FN', 'e'.repeat(32));

/** Where the virtual clock stands when an execution starts: noon of a Wednesday in the zone of templates. */
export const WALK_START_MS = Date.UTC(2026, 3, 15, 19);

/** Plays moves through the engine without any effect: what the system is expected to do with them. Scenes are never changed. */
export class Rehearsal {
  private readonly programs = new Map<FlowSid, Program>();

  constructor(
    private readonly rules: WalkRules,
    private readonly walked: WalkedFlow,
  ) {
    for (const [sid, definition] of walked.definitions) this.programs.set(sid, rules.engine.compile(definition));
  }

  get opening(): Scene {
    return { state: this.rules.engine.newState(), nowMs: WALK_START_MS, moves: [], taken: [], reached: [] };
  }

  play(scene: Scene, move: Move): Scene {
    const { engine } = this.rules;
    const nowMs = scene.nowMs + ('afterMs' in move ? move.afterMs : move.kind === 'timeout' ? this.untilTimer(scene) : 0);
    const state = engine.newState();
    const done: Move = isCall(move) && isUncallable(scene.state) ? { kind: 'no-call' } : move;
    engine.evolve(state, [{ type: 'SnapshotTaken', state: structuredClone(engine.snapshot(scene.state)) }], nowMs);
    const taken = [...scene.taken];
    let input: ExecutionInput | undefined = this.inputOf(state, done);
    while (input) {
      const events = engine.decide(state, input, nowMs, this.programOf);
      taken.push(...takenIn(this.rules, this.walked, state, { events, atMs: nowMs }));
      input = state.stop?.kind === 'bounded' ? { type: 'Continue' } : undefined;
    }
    return { state, nowMs, moves: [...scene.moves, done], taken, reached: [...scene.reached, taken.length] };
  }

  private readonly programOf = ({ flow }: ProgramRef): Program => {
    const program = this.programs.get(flow);
    if (!program) throw new Error('a flow that was not given is asked for');
    return program;
  };

  private untilTimer({ state, nowMs }: Scene): number {
    return state.stop?.kind === 'wait' ? Math.max(0, (state.stop.dueAtMs ?? nowMs) - nowMs) : 0;
  }

  private inputOf(state: ExecutionState, move: Move): ExecutionInput {
    const { stop } = state;
    if (move.kind === 'start') return this.startOf(move);
    if (!stop || stop.kind === 'bounded') throw new Error(`nothing waits for ${move.kind}`);
    switch (move.kind) {
      case 'reply':
        return { type: 'Message', parameters: { MessageSid: MESSAGE, ...move.parameters } };
      case 'event':
        return { type: 'FlowEvent', event: move.event, parameters: move.parameters };
      case 'undelivered':
        return { type: 'MessageStatus', messageSid: MESSAGE, status: 'undelivered', parameters: { MessageSid: MESSAGE, MessageStatus: 'undelivered', ErrorCode: '30003' } };
      case 'timeout':
        return { type: 'Timer', step: stop.step };
      default:
        if (stop.kind !== 'effect') throw new Error(`no effect is open for ${move.kind}`);
        return { type: 'EffectOutcome', step: stop.step, outcome: outcomeOf(stop.effect, move) };
    }
  }

  private startOf({ event, contact, address, parameters }: Of<'start'>): ExecutionInput {
    const isParent = event === 'incomingParent';
    const isRequest = isParent || event === 'incomingRequest';
    const data = isRequest ? { to: contact, from: address, parameters } : { MessageSid: MESSAGE, From: contact, To: address, ...parameters };
    const trigger: Trigger = { event: isParent ? 'incomingRequest' : (event as Trigger['event']), data, contact, address, initiatedBy: MESSAGE }; // an event of a trigger
    return { type: 'Start', execution: EXECUTION, account: ACCOUNT, flow: isParent ? this.walked.parent : this.walked.flow, revision: 1, isTestUser: false, trigger };
  }
}

const messageOf = ({ to, from, body }: MessageRequest): JsonObject => ({ Sid: MESSAGE, Status: 'queued', To: to, From: from, Body: body });

const refused = (code: number): EffectOutcome => ({ ok: false, code, message: 'refused' });

/** What a performed effect would come to. */
const outcomeOf = (effect: Effect, move: Move): EffectOutcome => {
  switch (effect.kind) {
    case 'message.send':
      return move.kind === 'send' && !move.isAccepted ? refused(21211) : { ok: true, payload: messageOf(effect.request) };
    case 'subflow.resolve':
      return move.kind === 'resolve' && !move.exists ? refused(81024) : { ok: true, payload: { revision: 1 } };
    case 'http.request':
      return answered(move, move.kind === 'no-call' ? 81014 : 81016);
    case 'function.run':
      return answered(move, 81010);
  }
};

const answered = (move: Move, failure: number): EffectOutcome =>
  move.kind === 'answer' ? { ok: true, payload: { status: move.status, contentType: move.contentType, body: move.body, headers: {} } } : refused(failure);

const isCall = ({ kind }: Move): boolean => kind === 'answer' || kind === 'no-answer';

const isUncallable = ({ stop }: ExecutionState): boolean => {
  if (stop?.kind !== 'effect') return false;
  const { effect } = stop;
  if (effect.kind === 'http.request') return !isUrl(effect.request.url) || isRefused(effect.request);
  return effect.kind === 'function.run' && !isUrl(effect.request.url);
};

// `method` is a name that web services are not called with, and only Twilio's own hosts get the account's credentials.
const isRefused = ({ url, parameters, addTwilioAuth }: HttpRequest): boolean =>
  parameters.some(([name]) => name === 'method') || (addTwilioAuth && !/^https:\/\/([^/]+\.)?twilio\.com(\/|$)/.test(url));

const isUrl = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

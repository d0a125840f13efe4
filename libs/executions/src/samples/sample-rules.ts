import type { ExecutionEvent, ExecutionInput } from '@atelier/engine';
import type { Json, JsonObject } from '@atelier/contracts';
import type { Folding, Rules } from './rules';

type St = { name: string; type: string; properties: JsonObject; transitions: { event: string; next?: string }[] };
type Def = { states: St[]; initial_state: string };
type S = { at?: string; step: number; kept: ExecutionInput[]; waiting?: string; flow?: string; revision?: number; contact?: string; address?: string; outputs: Record<string, Json>; taken: number; ended?: boolean };

export const sampleRules = (): Rules & Folding => {
  const rules: Rules = {
    compile: (d) => JSON.parse(d) as object,
    newState: () => ({ step: 0, kept: [], outputs: {}, taken: 0 }) satisfies S,
    programsOf: (s) => { const st = s as S; return st.flow ? [{ flow: st.flow as never, revision: st.revision! }] : []; },
    snapshot: (s) => JSON.parse(JSON.stringify(s)) as Json,
    evolve: (state, events) => {
      const s = state as S;
      for (const e of events) {
        if (e.type === 'ExecutionStarted') Object.assign(s, { flow: e.flow, revision: e.revision, contact: e.trigger.contact, address: e.trigger.address });
        else if (e.type === 'StepTaken') { s.taken++; s.at = e.to; delete s.waiting; s.outputs[e.widget] = e.outputs ?? {}; s.kept = []; }
        else if (e.type === 'EffectRequested') { s.step = e.step; s.at = e.widget; s.waiting = 'effect'; }
        else if (e.type === 'EffectEnded') s.waiting = 'reply';
        else if (e.type === 'WaitStarted') { s.step = e.step; s.at = e.widget; s.waiting = 'reply'; }
        else if (e.type === 'InputKept') s.kept.push(e.input);
        else if (e.type === 'ExecutionEnded') s.ended = true;
        else if (e.type === 'SnapshotTaken') Object.assign(s, e.state);
      }
    },
    decide: (state, input, nowMs, programOf) => {
      const s = state as S;
      const out: ExecutionEvent[] = [];
      if (input.type === 'Start') {
        const def = programOf({ flow: input.flow, revision: input.revision }) as Def;
        const { type: _, ...rest } = input;
        out.push({ type: 'ExecutionStarted', ...rest });
        walk(def, s, out, def.initial_state, 'leave', input.trigger.event, 1, nowMs, input.trigger.contact, input.trigger.address);
        return out;
      }
      if (s.ended) return [];
      const def = programOf({ flow: s.flow as never, revision: s.revision! }) as Def;
      const go = (by: string, outputs?: JsonObject) => { walk(def, s, out, s.at!, 'leave', by, s.step, nowMs, s.contact!, s.address!, outputs); return out; };
      const st = def.states.find((x) => x.name === s.at);
      switch (input.type) {
        case 'End': return [{ type: 'ExecutionEnded', reason: input.reason }];
        case 'Delete': return [{ type: 'ExecutionEnded', reason: 'DELETED' }, { type: 'ExecutionDeleted' }];
        case 'Message':
          if (input.parameters['Body'] === 'poison') throw new Error('poisoned');
          if (s.waiting === 'effect') return st?.type === 'send-and-wait-for-reply' ? [{ type: 'InputKept', input }] : [{ type: 'WarningRaised', step: s.step, widget: s.at!, code: 81002, message: 'ignored' }];
          return go('incomingMessage', { inbound: input.parameters });
        case 'EffectOutcome': {
          if (input.step !== s.step || s.waiting !== 'effect') return [];
          out.push({ type: 'EffectEnded', step: input.step, outcome: input.outcome });
          if (st?.type === 'send-and-wait-for-reply' && input.outcome.ok) {
            if (s.kept[0]?.type === 'Message') return go('incomingMessage', { inbound: s.kept[0].parameters });
            out.push({ type: 'WaitStarted', step: s.step, widget: s.at!, enteredAtMs: nowMs, for: 'incomingMessage', dueAtMs: nowMs + Number(st.properties['timeout']) * 1000, properties: {} });
            return out;
          }
          return go(input.outcome.ok ? 'sent' : 'failed', input.outcome.ok ? { outbound: input.outcome.payload } : { failed: input.outcome.message });
        }
        case 'Timer': return input.step === s.step && s.waiting === 'reply' ? go('timeout') : [];
        case 'FlowEvent': return s.waiting === 'reply' ? go(input.event, input.parameters) : [];
        default: return [];
      }
    },
  };
  return { ...rules, contextOf: (sprints) => { const s = rules.newState(); for (const { events, atMs } of sprints) rules.evolve(s, events, atMs); return (s as S).outputs as JsonObject; } };
};

const walk = (def: Def, s: S, out: ExecutionEvent[], at: string, mode: 'leave', by: string, step: number, nowMs: number, contact: string, address: string, outputs?: JsonObject): void => {
  for (;;) {
    const st = def.states.find((x) => x.name === at)!;
    const to = st.transitions.find((t) => t.event === by)?.next || 'Ended';
    out.push({ type: 'StepTaken', step, widget: at, widgetType: st.type, by, to, enteredAtMs: nowMs, ...(outputs && { outputs }) });
    outputs = undefined;
    if (to === 'Ended') return void out.push({ type: 'ExecutionEnded', reason: 'FLOW_END' });
    at = to; step++;
    const next = def.states.find((x) => x.name === at)!;
    if (next.type === 'set-variables' || next.type === 'split-based-on') { by = next.type === 'set-variables' ? 'next' : 'noMatch'; outputs = { v: String(step) }; continue; }
    if (next.type === 'add-twiml-redirect') return void out.push({ type: 'WaitStarted', step, widget: at, enteredAtMs: nowMs, for: 'return', properties: {}, twiml: `<Response><Redirect>${String(next.properties['url'])}</Redirect></Response>`, dueAtMs: nowMs + 14_400_000 });
    const effect = next.type === 'make-http-request' ? { kind: 'http.request' as const, request: { method: 'GET' as const, url: String(next.properties['url']), contentType: '', parameters: [], addTwilioAuth: false } }
      : { kind: 'message.send' as const, request: { to: contact, from: address, body: String(next.properties['body']) } };
    return void out.push({ type: 'EffectRequested', step, widget: at, enteredAtMs: nowMs, effect, properties: {} });
  }
};

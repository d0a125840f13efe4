import { type AccountSid, Defect, type ExecutionSid } from '@atelier/contracts';
import { ENDED_REASONS } from '@atelier/engine';
import type { Reply } from '../ingress/ingress.port';
import { startedAtMs } from '../ingress/keys';
import type { ReplyTo } from '../ingress/stored-command';
import { digits, escaped } from '../store/columns';
import { push } from './claim-changes';
import { Rows } from './commit';
import { EFFECT_KIND } from './effect-kinds';
import { type Entry, type OpenEffect, type OpenTimer, STATUS, isSettled } from './entry';
import type { LaneInput } from './inputs';
import type { Shard } from './shards';

type Before = { readonly entry: Entry; readonly timer: OpenTimer | undefined; readonly effect: OpenEffect | undefined; readonly isWritten: boolean };

/** An effect that the batch asked for. `attempted`: it is stored with the mark of its attempt and holds a slot. */
export type AskedEffect = { readonly entry: Entry; readonly open: OpenEffect; readonly attempted: boolean };

/** What a batch writes, tells and starts; net changes only. */
export class BatchRows {
  readonly rows = new Rows();
  readonly replies: { readonly to: ReplyTo; readonly reply: Reply }[] = [];
  readonly effects: AskedEffect[] = [];
  readonly started: Entry[] = [];
  /** Effects whose message a status callback has named. */
  readonly reported: string[] = [];
  readonly heads = new Map<number, { lastPos: number; commandPos: number }>();
  private readonly before = new Map<ExecutionSid, Before>();
  private readonly waited = new Set<Entry>();

  constructor(
    private readonly shards: ReadonlyMap<number, Shard>,
    private readonly nowMs: number,
    private readonly takeSlot: (account: AccountSid) => boolean,
  ) {}

  get touched(): readonly Entry[] {
    return [...this.before.values()].map(({ entry }) => entry);
  }

  /** Before the first change of an entry: what was open then. */
  touch(entry: Entry): void {
    if (!this.before.has(entry.sid)) this.before.set(entry.sid, { entry, timer: entry.timer, effect: entry.effect, isWritten: entry.version > 0 });
  }

  waitedFor(entry: Entry): void {
    this.waited.add(entry);
  }

  sprint({ sid, version, shard }: Entry, events: number, body: string): void {
    const head = this.head(shard);
    head.lastPos += events;
    push(this.rows.sprint, { execution: digits(sid), version, shard, pos: head.lastPos, events, body });
  }

  /** The input is behind us: its position, and the row that it came from unless that is still open. */
  passed(input: LaneInput, entry: Entry | undefined): void {
    const head = this.head(input.shard);
    if (input.from === 'inbox') head.commandPos = input.pos;
    else if (input.from === 'effect' && entry?.effect?.step !== input.step) this.effectGone(input.shard, input.execution, input.step);
    else if (input.from === 'timer' && !(entry?.timer?.step === input.step && entry.timer.dueMs === input.dueMs)) this.timerGone(input.shard, input.execution, input);
  }

  /** The input is parked: what would bring it again goes too, else it came back with the next look, for ever. */
  setAside(input: LaneInput, entry: Entry | undefined): void {
    const head = this.head(input.shard);
    if (input.from === 'inbox') head.commandPos = input.pos;
    else if (input.from === 'effect') this.effectGone(input.shard, input.execution, input.step);
    else if (input.from === 'timer') this.timerGone(input.shard, input.execution, input);
    else if (entry?.timer) this.timerGone(input.shard, input.execution, entry.timer);
  }

  finish(): void {
    for (const before of this.before.values()) {
      this.executionRow(before.entry);
      this.timerRows(before.entry, before.timer);
      this.effectRows(before.entry, before.effect);
      if (before.entry.doors.length > 0) this.waited.add(before.entry);
    }
    for (const entry of this.waited) this.answer(entry);
    for (const [shard, { lastPos, commandPos }] of this.heads) {
      const { n, epoch } = this.shardOf(shard);
      push(this.rows.batch, { shard, n: n + 1, lastPos, commandPos, epoch });
    }
  }

  private executionRow(entry: Entry): void {
    const { sid, account, flow, contact, address, revision, initiatedBy, status, shard, snapshot, reason } = entry;
    push(this.rows.execution, {
      sid: digits(sid), account: digits(account), flow: digits(flow), contact: escaped(contact), address: escaped(address), revision, initiatedBy: escaped(initiatedBy),
      status, reason: reason && ENDED_REASONS.indexOf(reason), shard, snapshot, createdMs: startedAtMs(sid),
    });
  }

  private timerRows({ sid, shard, timer }: Entry, before: OpenTimer | undefined): void {
    if (timer?.dueMs === before?.dueMs && timer?.step === before?.step) return;
    if (before) this.timerGone(shard, sid, before);
    if (timer) push(this.rows.timerIn, { shard, dueMs: timer.dueMs, execution: digits(sid), step: timer.step });
  }

  private effectRows(entry: Entry, before: OpenEffect | undefined): void {
    const { sid, shard, account, effect } = entry;
    if (effect === before) return;
    if (before && before.step !== effect?.step) this.effectGone(shard, sid, before.step);
    if (!effect) return;
    const attempted = this.takeSlot(account);
    this.effects.push({ entry, open: effect, attempted });
    const { epoch } = this.shardOf(shard);
    push(this.rows.effectIn, {
      shard, execution: digits(sid), step: effect.step, kind: EFFECT_KIND[effect.effect.kind], account: digits(account), epoch, attempts: attempted ? 1 : 0,
    });
  }

  private answer(entry: Entry): void {
    if (!isSettled(entry) && entry.status === STATUS.active) return;
    const { sid, version, twiml } = entry;
    for (const { to, since } of entry.doors.splice(0)) {
      const reply = { execution: sid, changed: version >= since, status: entry.status === STATUS.active ? 'active' : entry.status === STATUS.ended ? 'ended' : 'deleted' } as const;
      this.replies.push({ to, reply: twiml && twiml.version >= since && entry.status === STATUS.active ? { ...reply, twiml: twiml.text } : reply });
    }
  }

  private effectGone(shard: number, sid: ExecutionSid, step: number): void {
    push(this.rows.effectOut, { shard, execution: digits(sid), step });
  }

  private timerGone(shard: number, sid: ExecutionSid, { dueMs, step }: OpenTimer): void {
    push(this.rows.timerOut, { shard, dueMs, execution: digits(sid), step });
  }

  private head(shard: number): { lastPos: number; commandPos: number } {
    const known = this.heads.get(shard);
    if (known) return known;
    const { lastPos, commandPos } = this.shardOf(shard);
    const head = { lastPos, commandPos };
    this.heads.set(shard, head);
    return head;
  }

  private shardOf(shard: number): Shard {
    const mine = this.shards.get(shard);
    if (!mine) throw new Defect(`shard ${shard} is not of this lane`);
    return mine;
  }
}

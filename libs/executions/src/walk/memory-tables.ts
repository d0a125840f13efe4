import { type ExecutionSid, sidOf } from '@atelier/contracts';
import type { ExecutionEvent, Sprint } from '@atelier/engine';
import type { Rows } from '../worker/commit';

/** For specs: what a commit of the owner leaves in the tables, kept in memory. A row that a commit takes away must be there. */
export class MemoryTables {
  readonly sprints = new Map<ExecutionSid, Sprint[]>();
  readonly claims = new Map<string, ExecutionSid>();
  readonly timers = new Map<string, { readonly shard: number; readonly dueMs: number; readonly execution: ExecutionSid; readonly step: number }>();
  readonly effects = new Set<string>();

  commit(rows: Rows, atMs: number): void {
    if (rows.parked.reason.length > 0) throw new Error(`an input was parked: ${rows.parked.reason.join('; ')}`);
    rows.sprint.body.forEach((body, i) => this.log(sid(rows.sprint.execution[i])).push({ version: rows.sprint.version[i] ?? 0, atMs, events: JSON.parse(body) as ExecutionEvent[] })); // as the owner stores it
    const { claimIn, claimTake, claimOut, timerIn, timerOut, effectIn, effectOut } = rows;
    claimIn.key.forEach((key, i) => this.free(key).claims.set(key, sid(claimIn.execution[i])));
    claimTake.key.forEach((key, i) => this.claims.set(key, sid(claimTake.to[i])));
    claimOut.key.forEach((key, i) => this.claims.get(key) === sid(claimOut.execution[i]) && this.claims.delete(key));
    for (const row of placesOf(timerOut)) this.gone(this.timers.delete(row), 'timer');
    timerIn.dueMs.forEach((dueMs, i) => this.timers.set(place(timerIn, i), { shard: timerIn.shard[i] ?? 0, dueMs, execution: sid(timerIn.execution[i]), step: timerIn.step[i] ?? 0 }));
    for (const row of placesOf(effectOut)) this.gone(this.effects.delete(row), 'effect');
    effectIn.step.forEach((_, i) => this.effects.add(place(effectIn, i)));
  }

  log(execution: ExecutionSid): Sprint[] {
    const known = this.sprints.get(execution) ?? [];
    this.sprints.set(execution, known);
    return known;
  }

  /** Timers that are due, the earliest first. */
  due(nowMs: number) {
    return [...this.timers.values()].filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
  }

  private free(key: string): this {
    if (this.claims.has(key)) throw new Error('a claim that somebody holds was taken');
    return this;
  }

  private gone(wasThere: boolean, what: string): void {
    if (!wasThere) throw new Error(`the row of a ${what} was taken away that was not there`);
  }
}

const sid = (digits: string | undefined): ExecutionSid => sidOf('FN', digits ?? '');

type Steps = { readonly execution: readonly string[]; readonly step: readonly number[] };
const place = ({ execution, step }: Steps, i: number): string => `${execution[i]} ${step[i]}`;
// An input that ends a step, and the end of that step, both say that its row goes.
const placesOf = (steps: Steps): ReadonlySet<string> => new Set(steps.step.map((_, i) => place(steps, i)));

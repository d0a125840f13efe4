/**
 * Finds what has to come in from outside so that an execution takes a wanted transition. It goes from stop to stop along shortest ways to it, proposes
 * values that the conditions ahead ask for, tries them in the engine, and keeps what leads further; where a condition does not hold, it goes on from
 * where the execution really went (loops that count are passed so). Ends: every search has a budget of tries.
 */
import type { JsonObject } from '@atelier/contracts';
import { type FlowGraph, type Position, positionKey, positionsOf } from './flow-graph';
import type { Filling, Move } from './moves';
import { type Need, needsOf } from './needs';
import { Rehearsal, type Scene } from './rehearsal';
import type { WalkRules } from './split-probe';
import { type Stop, type Values, stopOf } from './stops';
import type { WalkedFlow } from './walked-flow';

/** What to do, and the transitions that it is expected to take. `reached`: how many of them after each move. */
export type Plan = { readonly moves: readonly Move[]; readonly taken: readonly Position[]; readonly reached: readonly number[] };
/** Why no plan was found. */
export type Blocked = { readonly reason: string };

type Try = { readonly values: Values; readonly afterMs: number };
type Found = Try & { readonly scene: Scene; readonly progress: number; readonly isOnWay: boolean };

const TRIES_MAX = 3_000;
const OPTIONS_MAX = 80;
const VARIANTS_MAX = 3; // of values that only a later stop can judge
const PAIRED_MAX = 6; // values of one path that are tried with those of another
const CLOCKED_MAX = 4; // values that are tried at other times
const HOUR_MS = 3_600_000;
const CLOCKS = Array.from({ length: 7 * 24 }, (_, hour) => hour * HOUR_MS);

export class Planner {
  private readonly graph: FlowGraph;
  private readonly rehearsal: Rehearsal;
  private tries = 0;
  private closest: { readonly left: number; readonly wanted: Position | undefined; readonly went: Position | undefined } | undefined;

  constructor(
    private readonly rules: WalkRules,
    private readonly walked: WalkedFlow,
  ) {
    this.graph = walked.graph;
    this.rehearsal = new Rehearsal(rules, walked);
  }

  plan(target: Position): Plan | Blocked {
    this.tries = 0;
    this.closest = undefined;
    const open = [{ scene: this.rehearsal.opening, cost: 0 }];
    const seen = new Set<string>();
    for (let next = open.shift(); next && this.tries < TRIES_MAX; next = open.shift()) {
      for (const { scene, cost } of this.following(next.scene, target)) {
        const at = scene.taken.findIndex((each) => positionKey(each) === positionKey(target));
        if (at !== -1) return scene;
        const name = JSON.stringify([scene.state.stop?.kind, scene.state.stop && 'widget' in scene.state.stop && scene.state.stop.widget, scene.state.frames]);
        if (seen.has(name)) continue;
        seen.add(name);
        open.push({ scene, cost });
      }
      open.sort((a, b) => a.cost - b.cost);
    }
    return { reason: this.reason() };
  }

  private reason(): string {
    const { wanted, went } = this.closest ?? {};
    if (!wanted) return 'no way leads there';
    const place = `state ${this.graph.placeOf(wanted.state)} (${this.graph.state(wanted.state).type})`;
    const found = went === undefined || went.state !== wanted.state ? 'goes elsewhere' : `leaves by transition ${went.index}`;
    return `${place} ${found} and not by transition ${wanted.index}, whatever comes in (${this.tries} tries${this.tries < TRIES_MAX ? '' : ', then given up'})`;
  }

  /** Where the execution can come to from here on the shortest ways that begin with each of the stop's transitions. */
  private following(scene: Scene, target: Position): readonly { readonly scene: Scene; readonly cost: number }[] {
    const stop = stopOf(scene, this.walked);
    if (!stop) return [];
    const firsts = positionsOf(stop.place === undefined ? this.graph.trigger : this.graph.state(stop.place));
    const ways = firsts.flatMap((first) => [this.graph.route(first, target) ?? []]).filter((way) => way.length > 0);
    const costOf = (found: Found, way: readonly Position[]): number => found.scene.moves.length + way.length - found.progress;
    return ways.sort((a, b) => a.length - b.length).flatMap((way) => this.along(scene, stop, way).map((found) => ({ scene: found.scene, cost: costOf(found, way) })));
  }

  private along(scene: Scene, stop: Stop, way: readonly Position[]): readonly Found[] {
    const event = this.graph.transition(way[0] as Position).event; // a way has its first
    const needs = needsOf(this.graph, way, this.renderer(scene)).map((need) => ({ ...need, paths: need.paths.filter((path) => stop.brings(event, path)) }));
    const optionsOf = new Map(needs.map((need) => [need, options(need)]));
    const first = needs.reduceRight<Try>((values, need) => merged(values, optionsOf.get(need)?.[0]), { values: new Map(), afterMs: 0 });
    const play = (each: Try): readonly Found[] => stop.moves(event, each.values, each.afterMs).map((move) => this.played(scene, way, each, move));
    return play(first).flatMap((found, kind) => {
      let best = found;
      for (const need of needs) {
        if (best.isOnWay || best.progress > need.at) continue;
        for (const option of optionsOf.get(need) ?? []) {
          const other = this.tries < TRIES_MAX ? play(merged(without(best, need), option))[kind] : undefined;
          if (other && other.progress > best.progress) best = other;
          if (best.progress > need.at) break;
        }
      }
      return [best, ...this.variants(needs, optionsOf, best, (each) => play(each)[kind])];
    });
  }

  // Whether a value is the right one for a state behind the next stop is seen only there.
  private variants(needs: readonly Need[], optionsOf: ReadonlyMap<Need, readonly Try[]>, best: Found, play: (each: Try) => Found | undefined): readonly Found[] {
    if (!best.isOnWay) return [];
    const open = needs.filter(({ at }) => at >= best.progress);
    return open.flatMap((need) => (optionsOf.get(need) ?? []).slice(1, 1 + VARIANTS_MAX).flatMap((option) => play(merged(without(best, need), option)) ?? []));
  }

  private played(scene: Scene, way: readonly Position[], { values, afterMs }: Try, move: Move): Found {
    this.tries++;
    const after = this.afterStart(this.rehearsal.play(scene, move));
    const taken = after.taken.slice(scene.taken.length);
    const differing = taken.findIndex((each, i) => way[i] === undefined || positionKey(each) !== positionKey(way[i]));
    const progress = differing === -1 ? taken.length : differing;
    const left = way.length - progress;
    if (differing !== -1 && left > 0 && left < (this.closest?.left ?? Infinity)) this.closest = { left, wanted: way[progress], went: taken[progress] };
    return { scene: after, values, afterMs, progress, isOnWay: differing === -1 };
  }

  // A parent has only to find its subflow; then the walked flow runs.
  private afterStart(scene: Scene): Scene {
    const { stop, frames } = scene.state;
    const isParent = frames.length === 1 && frames[0]?.flow === this.walked.parent && stop?.kind === 'effect';
    return isParent ? this.rehearsal.play(scene, { kind: 'resolve', exists: true }) : scene;
  }

  private renderer({ state, nowMs }: Scene): (source: string) => string {
    const context: JsonObject = { ...state.frames.find(({ flow }) => flow === this.walked.flow)?.context };
    return (source) => this.rules.liquid.parse(source).render(context, nowMs).text;
  }
}

/** Values for the paths of a need, one path after the other, then two together, the first proposals first; and other times, where it reads the clock. */
const options = ({ paths, values, readsClock }: Need): readonly Try[] => {
  const deepest = [...paths].sort((a, b) => b.length - a.length);
  const single = values.flatMap((value) => deepest.map((path) => [{ path, value }]));
  const some = values.slice(0, PAIRED_MAX);
  const pairs = deepest.flatMap((path, i) => deepest.slice(i + 1).flatMap((other) => some.flatMap((value) => some.map((second) => [{ path, value }, { path: other, value: second }]))));
  const tries = [...single, ...pairs].slice(0, OPTIONS_MAX).map((fillings) => tryOf(fillings));
  if (!readsClock) return tries;
  const first = tries.length === 0 ? [tryOf([])] : tries.slice(0, CLOCKED_MAX);
  return CLOCKS.flatMap((afterMs) => first.map(({ values: each }) => ({ values: each, afterMs })));
};

const tryOf = (fillings: readonly Filling[]): Try => ({ values: new Map(fillings.map((filling) => [filling.path.join('\n'), filling])), afterMs: 0 });

const merged = (before: Try, option: Try | undefined): Try =>
  option ? { values: new Map([...before.values, ...option.values]), afterMs: option.afterMs || before.afterMs } : before;

const without = ({ values, afterMs }: Try, { paths }: Need): Try => {
  const keys = new Set(paths.map((path) => path.join('\n')));
  return { values: new Map([...values].filter(([key]) => !keys.has(key))), afterMs };
};

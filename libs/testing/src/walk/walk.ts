import { type Position, positionKey } from './flow-graph';
import { type Plan, Planner } from './planner';
import { type WalkRules, createWalkRules } from './split-probe';
import type { WalkedFlow } from './walked-flow';

/** What came of a walk. `reasons`: why each of the missed was not taken. */
export type WalkReport = { readonly reachable: readonly Position[]; readonly missed: readonly { readonly position: Position; readonly reason: string }[]; readonly executions: number };

const WALK_EVENTS: readonly string[] = ['incomingMessage', 'incomingRequest', 'incomingParent'];

export type WalkOptions = {
  readonly rules?: WalkRules;
  /** Transitions of the trigger for which the system has no door; they do not count. */
  readonly withoutDoor?: readonly string[];
};

/**
 * Takes every transition of a flow that can be taken: chooses the next untaken one, plans what leads to it, and has it performed by a system, which
 * answers what it took; it may go on after the plan. Throws where it did not begin as the plan foresaw.
 */
export const walk = async (walked: WalkedFlow, perform: (plan: Plan) => Promise<readonly Position[]>, { rules = createWalkRules(), withoutDoor = [] }: WalkOptions = {}): Promise<WalkReport> => {
  const planner = new Planner(rules, walked);
  const reachable = walked.graph.reachable(WALK_EVENTS).filter((position) => !withoutDoor.includes(walked.graph.transition(position).event));
  const taken = new Set<string>();
  const missed: { position: Position; reason: string }[] = [];
  let executions = 0;
  for (const position of reachable) {
    if (taken.has(positionKey(position))) continue;
    const plan = planner.plan(position);
    if ('reason' in plan) {
      missed.push({ position, reason: plan.reason });
      continue;
    }
    executions++;
    const performed = await perform(plan);
    const [expected, found] = [plan.taken, performed].map((each) => each.map(({ state, index }) => `${walked.graph.placeOf(state)}:${index}`).join(' '));
    if (!`${found} `.startsWith(`${expected} `)) throw new Error(`expected the transitions ${expected}, taken were ${found}`);
    for (const each of performed) taken.add(positionKey(each));
  }
  return { reachable, missed: missed.filter(({ position }) => !taken.has(positionKey(position))), executions };
};

import { measured } from '@atelier/platform';
import type { EffectKind, EffectOutcome } from '@atelier/widgets';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DeskDepth } from './effect-desk';
import { type Postponed, isPostponed } from './effect-performer.port';

const MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000];

/** What an operator of workers asks at night. */
export class WorkerMetrics {
  readonly batchInputs: Histogram;
  readonly decideMs: Histogram;
  readonly commitMs: Histogram;
  readonly lagInputs: Gauge;
  readonly lagSeconds: Gauge;
  readonly shardsOwned: Gauge;
  readonly parked: Counter;
  readonly conflicts: Counter;
  private readonly effects: Counter<'kind' | 'outcome'>;
  private readonly effectMs: Histogram<'kind'>;

  constructor(readonly registry: Registry = new Registry()) {
    const registers = [registry];
    const named = (name: string, help: string): { name: string; help: string; registers: Registry[] } => ({ name: `atelier_executions_${name}`, help, registers });
    this.batchInputs = new Histogram({ ...named('batch_inputs', 'Inputs decided and committed together.'), buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500] });
    this.decideMs = new Histogram({ ...named('decide_ms', 'Milliseconds to decide a batch.'), buckets: MS });
    this.commitMs = new Histogram({ ...named('commit_ms', 'Milliseconds of the one statement that commits a batch.'), buckets: MS });
    this.lagInputs = new Gauge(named('lag_inputs', 'Inputs that wait in the inbox of the shards owned here.'));
    this.lagSeconds = new Gauge(named('lag_seconds', 'Age of the oldest of them.'));
    this.shardsOwned = new Gauge(named('shards_owned', 'Shards whose lease this worker holds, of 64.'));
    this.parked = new Counter(named('parked_total', 'Inputs set aside because they could not be decided or stored.'));
    this.conflicts = new Counter(named('conflicts_total', 'Commits that somebody else was faster than, or whose fate had to be looked up.'));
    this.effects = new Counter({ ...named('effects_total', 'Effects by kind and what became of them.'), labelNames: ['kind', 'outcome'] });
    this.effectMs = new Histogram({ ...named('effect_ms', 'Milliseconds from the start of an effect to its outcome.'), labelNames: ['kind'], buckets: MS });
  }

  /** Called once by the owner of the desk. */
  watchDesk(depth: () => DeskDepth): void {
    const measures = [
      { name: 'atelier_executions_effects_in_flight', help: 'Outbound calls under way.' },
      { name: 'atelier_executions_effects_waiting', help: 'Effects that wait for a slot of their account, or of the process.' },
      { name: 'atelier_executions_effects_postponed', help: 'Effects that wait because the carrier, or who gives keys, is away.' },
      { name: 'atelier_executions_effects_doubtful', help: 'Effects that nobody knows the fate of yet; they are asked about.' },
    ];
    measured(this.registry, measures, async () => {
      const { inFlight, waiting, postponed, doubtful } = depth();
      return [[{ value: inFlight }], [{ value: waiting }], [{ value: postponed }], [{ value: doubtful }]];
    });
  }

  /** Call what it answers with the outcome. */
  effectStarted(kind: EffectKind): (outcome: EffectOutcome | Postponed | 'thrown') => void {
    const startedMs = performance.now();
    return (outcome) => {
      this.effectMs.observe({ kind }, performance.now() - startedMs);
      this.effects.inc({ kind, outcome: outcome === 'thrown' ? 'thrown' : isPostponed(outcome) ? 'postponed' : outcome.ok ? 'succeeded' : outcome.unknown ? 'unknown' : 'failed' });
    };
  }
}

import { Rejection } from '@atelier/contracts';
import { Controller, Get, Header, Inject, Injectable } from '@nestjs/common';
import { Public } from './authentication';

/** What parts of the process say of themselves; they add to it when they are made. */
@Injectable()
export class HealthRegistry {
  private readonly checks = new Map<string, () => Promise<unknown>>();
  private readonly signs = new Map<string, () => Promise<unknown>>();
  private readonly facts: Record<string, unknown> = {};

  /** A condition of being ready: the promise rejects while it is not. */
  addCheck(name: string, check: () => Promise<unknown>): void {
    this.checks.set(name, check);
  }

  /** Something that is told beside the checks, and that the process goes on without: a broker, to a service whose work waits in its own database. */
  addSign(name: string, check: () => Promise<unknown>): void {
    this.signs.set(name, check);
  }

  /** Something that operators must be able to see, such as a switched-off signature check. */
  addFact(name: string, value: string | number | boolean): void {
    this.facts[name] = value;
  }

  liveness(): object {
    return { status: 'ok', ...this.facts };
  }

  /** Throws Unavailable with the parts that are not ready. */
  async readiness(): Promise<object> {
    const [checks, signs] = await Promise.all([statesOf(this.checks), statesOf(this.signs)]);
    const states = { ...signs, ...checks };
    if (Object.values(checks).includes('not ready')) throw new Rejection('Unavailable', { details: { checks: states } });
    return { status: 'ready', checks: states };
  }
}

const CHECK_MS = 3_000; // a dependency that takes longer is as good as away; probes give up after a few seconds, too

type State = 'ready' | 'not ready';

const statesOf = async (checks: ReadonlyMap<string, () => Promise<unknown>>): Promise<Record<string, State>> => {
  const states = await Promise.all([...checks].map(async ([name, check]): Promise<[string, State]> => [name, await stateOf(check)]));
  return Object.fromEntries(states);
};

const stateOf = (check: () => Promise<unknown>): Promise<State> =>
  new Promise((resolve) => {
    const late = setTimeout(() => resolve('not ready'), CHECK_MS);
    const is = (state: State) => (): void => {
      clearTimeout(late);
      resolve(state);
    };
    check().then(is('ready'), is('not ready'));
  });

/** `/health`: the process lives. `/health/ready`: what it depends on answers. */
@Controller('health')
@Public()
export class HealthController {
  constructor(@Inject(HealthRegistry) private readonly health: HealthRegistry) {}

  @Get()
  @Header('cache-control', 'no-store')
  live(): object {
    return this.health.liveness();
  }

  @Get('ready')
  @Header('cache-control', 'no-store')
  ready(): Promise<object> {
    return this.health.readiness();
  }
}

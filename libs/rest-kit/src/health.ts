import { Rejection } from '@atelier/contracts';
import { Controller, Get, Header, Inject, Injectable } from '@nestjs/common';
import { Public } from './authentication';

/** What parts of the process say of themselves; they add to it when they are made. */
@Injectable()
export class HealthRegistry {
  private readonly checks = new Map<string, () => Promise<unknown>>();
  private readonly facts: Record<string, unknown> = {};

  /** A condition of being ready: the promise rejects while it is not. */
  addCheck(name: string, check: () => Promise<unknown>): void {
    this.checks.set(name, check);
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
    const names = [...this.checks.keys()];
    const results = await Promise.allSettled([...this.checks.values()].map((check) => check()));
    const checks = Object.fromEntries(names.map((name, i) => [name, results[i]?.status === 'fulfilled' ? 'ready' : 'not ready']));
    if (results.some(({ status }) => status === 'rejected')) throw new Rejection('Unavailable', { details: { checks } });
    return { status: 'ready', checks };
  }
}

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

import { Rejection } from '@atelier/contracts';
import { Controller, Get, Header, Inject, Injectable, Req } from '@nestjs/common';
import { processMetrics } from '@atelier/platform';
import { type MetricObjectWithValues, type MetricValue, AggregatorRegistry, Counter, Histogram, Registry } from 'prom-client';
import { Public } from './authentication';
import type { EdgeReply, EdgeRequest } from './edge';

/** Metrics as plain data: what a registry knows, and what crosses the boundary of threads. */
export type Metrics = readonly MetricObjectWithValues<MetricValue<string>>[];
export type MetricsSource = () => Promise<Metrics>;

const MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 15_000];

/** The figures of the process: its own, and those of the parts that add a registry, or a source in another thread. */
@Injectable()
export class MetricsRegistry {
  private readonly registry = new Registry();
  private readonly sources: MetricsSource[] = [() => this.registry.getMetricsAsJSON()];
  private readonly requests = new Counter({
    name: 'atelier_http_requests_total', help: 'Requests by method, route and status; `none` is no route.', labelNames: ['method', 'route', 'status'], registers: [this.registry],
  });
  private readonly requestMs = new Histogram({
    name: 'atelier_http_request_ms', help: 'Milliseconds from a request to its answer, by route.', labelNames: ['route'], buckets: MS, registers: [this.registry],
  });
  private readonly silent = new Counter({
    name: 'atelier_metrics_silent_sources_total', help: 'Parts that did not tell their figures when they were asked.', registers: [this.registry],
  });

  constructor() {
    processMetrics(this.registry, 'main');
  }

  add(source: Registry | MetricsSource): void {
    this.sources.push(source instanceof Registry ? () => source.getMetricsAsJSON() : source);
  }

  answered(request: EdgeRequest, reply: EdgeReply): void {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    this.requests.inc({ method: request.method, route, status: reply.statusCode });
    this.requestMs.observe({ route }, reply.elapsedTime);
  }

  /** Equal metrics of several sources are added up; a source that fails is left out, and counted. */
  async all(): Promise<Metrics> {
    return this.merged().then((registry) => registry.getMetricsAsJSON());
  }

  async text(): Promise<string> {
    return this.merged().then((registry) => registry.metrics());
  }

  private async merged(): Promise<Registry> {
    const told = await Promise.allSettled(this.sources.map((source) => source()));
    const missing = told.filter(({ status }) => status === 'rejected').length;
    if (missing > 0) this.silent.inc(missing);
    return AggregatorRegistry.aggregate(told.flatMap((each) => (each.status === 'fulfilled' ? [each.value as object] : []))); // its type says Object
  }
}

/** Prometheus reads here: from the networks of a setting, or with the token of the installation. */
@Controller('metrics')
@Public()
export class MetricsController {
  constructor(@Inject(MetricsRegistry) private readonly metrics: MetricsRegistry) {}

  @Get()
  @Header('cache-control', 'no-store')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  read(@Req() request: EdgeRequest): Promise<string> {
    if (!request.server.edge.mayReadMetrics(request)) throw new Rejection('AuthenticationFailed');
    return this.metrics.text();
  }
}

import { type TopicName, Fault, TOPICS } from '@atelier/contracts';
import { Catch, type ExceptionFilter, UseFilters, applyDecorators } from '@nestjs/common';
import { type CustomTransportStrategy, BaseRpcContext, EventPattern, Server } from '@nestjs/microservices';
import { type Observable, isObservable, lastValueFrom, throwError } from 'rxjs';
import type { Batch, Bus, Subscription } from './bus.port';

/** What a group of consumers tells of itself, whatever the topic. */
export type ConsumerGroup = Pick<Subscription, 'group' | 'position' | 'deadLetter' | 'readTimes'>;

/** A handler of batches of a topic: `@Consumes('atelier.flows.events', 'audit') handle(@Payload() batch: Batch)`. `group` is the BusServer's. */
export const Consumes = (topic: TopicName, group: string): MethodDecorator => applyDecorators(EventPattern<string>(topic, transportOf(group)), UseFilters(new ErrorsAsTheyAre()));

/** Nest's transport over a bus: handlers marked with `@Consumes` get batches, in order, each shard by itself. One server for each group. */
export class BusServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true; // the bus decides what an error means
  private stops: (() => Promise<void>)[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly consumers: ConsumerGroup,
  ) {
    super();
    this.transportId = transportOf(consumers.group);
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  /** Finishes the batches in hand. */
  async close(): Promise<void> {
    await Promise.all(this.stops.splice(0).map((stop) => stop()));
  }

  on(): never {
    throw new Error('the bus has no events of its own');
  }

  unwrap<T>(): T {
    return this.bus as T; // Nest's signature leaves the type to the caller
  }

  private async start(): Promise<void> {
    for (const topic of this.messageHandlers.keys()) {
      if (!isTopic(topic)) throw new Error(`expected a topic, found a handler of ${topic}`);
      this.stops.push(await this.bus.subscribe({ ...this.consumers, topic, handle: (batch) => this.dispatch(batch) }));
    }
  }

  private async dispatch(batch: Batch): Promise<void> {
    try {
      const result: unknown = await this.getHandlerByPattern(batch.topic)?.(batch, new BaseRpcContext([batch.topic, batch.shard]));
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    } catch (error) {
      // Without @Consumes, Nest's own filter hides what happened: then nothing may be skipped.
      throw error instanceof Error ? error : new Fault(`a handler of ${batch.topic} failed and did not say why`, { cause: error });
    }
  }
}

const transportOf = (group: string): symbol => Symbol.for(`atelier.bus.${group}`);

const isTopic = (text: string): text is TopicName => text in TOPICS;

@Catch()
class ErrorsAsTheyAre implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

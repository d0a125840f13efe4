import 'reflect-metadata';
import { Fault } from '@atelier/contracts';
import { silentLog } from '@atelier/platform';
import { eventually } from '@atelier/testing';
import { Controller, Module } from '@nestjs/common';
import { loadPackage } from '@nestjs/common/internal';
import { NestFactory } from '@nestjs/core';
import * as microservices from '@nestjs/microservices';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { Batch, DeadLetter } from './bus.port';
import { BusServer, Consumes } from './bus-server';
import { createEmbeddedBus } from './embedded-bus';
import { MemoryTopic } from './memory-topic';

const event = (id: string) => ({ id, source: '/tests', type: 'thing.happened', time: '2026-01-31T12:00:00.000Z', data: {} });

const seen: string[] = [];
const letters: DeadLetter[] = [];
let failure: Error | undefined;
let plainTries = 0;

@Controller()
class Consumer {
  @Consumes('atelier.flows.events', 'tests')
  async handle(@Payload() { messages }: Batch): Promise<void> {
    if (failure) throw failure;
    seen.push(...messages.map(({ id }) => id));
  }
  @Consumes('atelier.flows.events', 'another group')
  async other(): Promise<void> {
    seen.push('handled by a handler of another group');
  }
  @EventPattern<string>('atelier.credentials.events', Symbol.for('atelier.bus.tests'))
  async withoutOurDecorator(): Promise<void> {
    plainTries++;
    throw new TypeError('unclear to the bus');
  }
}

@Module({ controllers: [Consumer] })
class Root {}

describe('handlers of a Nest application', () => {
  const flows = new MemoryTopic('atelier.flows.events', 'flows');
  const credentials = new MemoryTopic('atelier.credentials.events', 'credentials');
  const bus = createEmbeddedBus([flows, credentials], silentLog, { retryMs: 1, pollMs: 20 });
  let position = 0;
  const server = new BusServer(bus, {
    group: 'tests',
    position: async (log) => (log === 'flows' ? position : 0),
    deadLetter: async (letter) => {
      letters.push(letter);
      position = letter.event.pos;
    },
  });
  let close: () => Promise<void>;

  beforeAll(async () => {
    await loadPackage('@nestjs/microservices', 'tests', async () => microservices); // jest cannot follow Nest's own dynamic import
    const app = await NestFactory.createMicroservice(Root, { strategy: server, logger: false });
    await app.listen();
    close = () => app.close();
  });
  afterAll(() => bus.close());

  it('get batches of the topic that they name, and none of another group', async () => {
    flows.append(0, [event('a'), event('b')]);
    await eventually('both events', () => seen.length === 2);
    position = 2;
    expect(seen).toEqual(['a', 'b']);
  });

  it('are asked again after a Fault', async () => {
    failure = new Fault('the database is away');
    flows.append(0, [event('c')]);
    await eventually('failures', async () => (await bus.lag()).some(({ topic, failures }) => topic === 'atelier.flows.events' && failures > 1));
    failure = undefined;
    await eventually('the event', () => seen.length === 3);
    position = 3;
    expect(letters).toEqual([]);
  });

  it('put what they cannot handle aside, with their own words', async () => {
    failure = new TypeError('cannot read this');
    flows.append(0, [event('d')]);
    await eventually('the letter', () => letters.length === 1);
    failure = undefined;
    expect(letters).toMatchObject([{ event: { id: 'd' }, reason: 'TypeError: cannot read this' }]);
  });

  it('skip nothing where Nest hides what happened', async () => {
    credentials.append(0, [event('x')]);
    await eventually('several tries', () => plainTries > 4);
    expect(letters.filter(({ topic }) => topic === 'atelier.credentials.events')).toEqual([]);
  });

  it('are left alone once the application is closed', async () => {
    await close();
    flows.append(0, [event('e')]);
    expect(await bus.lag()).toEqual([]);
    expect(seen).not.toContain('e');
  });
});

import { topicSourceContract } from '@atelier/bus';
import type { Database } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { shardOf } from '../ingress/keys';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE, SHARDS } from '../store/migrations';
import { SourcePositions } from '../store/source-positions';
import { executionEvents } from './execution-events';
import { Growth } from './growth';
import { TRIGGERS_CONSUMER, TriggerResults } from './trigger-results';

let db: Database;
let samples: SampleExecutions;
const growth = new Growth();
beforeAll(async () => {
  db = await testDatabase(EXECUTIONS_DATABASE);
  samples = new SampleExecutions(db);
}, 60_000);
afterAll(() => samples.close());

/** A run of ten steps in that shard, decided and stored. */
const runIn = async (shard: number): Promise<void> => {
  let contact = samples.contact();
  while (shardOf(samples.account, samples.flows.plain, contact) !== shard) contact = samples.contact();
  const sid = await samples.created('plain', contact);
  await eventually('it has ended', async () => (await samples.view('plain', sid))?.status === 'ended');
};

let isRunning = false;
topicSourceContract('the log of executions', async () => {
  if (!isRunning) await samples.start({ growth });
  isRunning = true;
  for (const shard of [1, 63]) await runIn(shard);
  return { source: executionEvents(db, growth), append: () => runIn(0) };
});

describe('the log of executions', () => {
  it('answers each of its shards at once with what that shard has, whatever the order', async () => {
    const source = executionEvents(db, growth);
    const spans = Array.from({ length: SHARDS }, (_, shard) => ({ shard: SHARDS - 1 - shard, after: 0, limit: 1_000 }));
    const found = (await source.readShards?.(spans)) ?? [];
    expect(found.map((events) => events.length)).toEqual(await Promise.all(spans.map(({ shard }) => source.end(shard))));
    found.forEach((events, i) => expect(new Set(events.map(({ shard }) => shard))).toEqual(new Set(events.length === 0 ? [] : [SHARDS - 1 - i])));
  });
});

topicSourceContract('the log of trigger results', async () => {
  const results = new TriggerResults(db);
  const log = 'a topic of others';
  let pos = await new SourcePositions(db, TRIGGERS_CONSUMER).of(log, 0);
  const append = async (): Promise<void> => {
    pos++;
    await results.append([{ key: `${samples.account}|${samples.flows.plain}|+1`, result: { idempotency_key: `k${pos}`, status: 'rejected', error: { code: 20001, message: 'no' } } }], { log, shard: 0, first: pos, last: pos });
  };
  return { source: results.source, append };
});

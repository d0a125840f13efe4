import { type Database, newExecutionSid } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { EXECUTIONS_MIGRATIONS } from '../store/migrations';
import { createIngress } from './ingress';
import type { Ingress, StartRequest } from './ingress.port';

const account = `AC${'a'.repeat(32)}` as const;
const flow = `FW${'1'.repeat(32)}` as const;

const startOf = (contact: string): StartRequest => ({
  execution: newExecutionSid(Date.now()),
  account,
  flow,
  revision: 1,
  isTestUser: false,
  trigger: { event: 'incomingRequest', data: { to: contact, from: '+15557650001', parameters: {} }, contact, address: '+15557650001', initiatedBy: `RQ${'2'.repeat(32)}` },
});

describe('the ingress of executions', () => {
  let db: Database;
  let ingress: Ingress;
  beforeAll(async () => {
    db = await testDatabase({ schema: 'executions', migrations: EXECUTIONS_MIGRATIONS });
    ingress = createIngress(db);
  }, 90_000);
  afterAll(async () => {
    await ingress.close();
    await db.close();
  });

  const commands = async (): Promise<{ shard: number; pos: string }[]> => db.query('select shard, pos from command order by shard, pos');

  it('accepts one of fifty creates for the same contact at once, and names it to the others', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, () => ingress.create(startOf('+15551230001'))));
    const [winner, ...more] = results.filter(({ kind }) => kind === 'accepted');
    expect(more).toEqual([]);
    expect(new Set(results.map(({ execution }) => execution))).toEqual(new Set([winner?.execution]));
    expect(await commands()).toHaveLength(1);
  });

  it('answers a repeated create with the same identifier as accepted and enters nothing', async () => {
    const start = startOf('+15551230002');
    expect(await ingress.create(start)).toEqual({ kind: 'accepted', execution: start.execution });
    const before = await commands();
    expect(await ingress.create(start)).toEqual({ kind: 'accepted', execution: start.execution });
    expect(await commands()).toEqual(before);
  });

  it('numbers the commands of each shard without a gap', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, i) => ingress.create(startOf(`+1556${String(i).padStart(7, '0')}`))));
    const positions = new Map<number, number[]>();
    for (const { shard, pos } of await commands()) positions.set(shard, [...(positions.get(shard) ?? []), Number(pos)]);
    for (const shard of positions.values()) expect(shard).toEqual(shard.map((_, i) => i + 1));
  });

  it('enters a message once, however often it is delivered', async () => {
    const start = startOf('+15551230003');
    const message = { start, inputKey: `message:SM${'3'.repeat(32)}`, addresses: ['+15557650001'], parameters: { Body: 'hi' } };
    const before = (await commands()).length;
    await Promise.all([ingress.message(message), ingress.message(message), ingress.message(message)]);
    expect(await ingress.message(message)).toMatchObject({ kind: 'repeated' });
    expect((await commands()).length).toBe(before + 1);
  });

  it('answers a trigger record with a known idempotency key with the execution that it started', async () => {
    const first = await ingress.trigger(startOf('+15551230004'), 'key-1');
    expect(await ingress.trigger(startOf('+15551230004'), 'key-1')).toEqual({ kind: 'duplicate', execution: first.execution });
    expect(first.kind).toBe('started');
  });
});

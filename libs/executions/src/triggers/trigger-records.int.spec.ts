import type { AccountSid, FlowDirectory, TriggerResult } from '@atelier/contracts';
import { type Database, systemClock } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import type { Ingress } from '../ingress/ingress.port';
import { createIngress } from '../ingress/ingress';
import { EXECUTIONS_MIGRATIONS } from '../store/migrations';
import { requestSidOf, takeTriggerRecords } from './trigger-records';

const ACCOUNT: AccountSid = `AC${'a'.repeat(32)}`;
const FLOW = `FW${'1'.repeat(32)}`;
const DRAFT = `FW${'2'.repeat(32)}`;
const flows: FlowDirectory = {
  choose: async (account, flow) =>
    account !== ACCOUNT || (flow !== FLOW && flow !== DRAFT) ? { kind: 'no-flow' } : flow === DRAFT ? { kind: 'not-published' } : { kind: 'found', revision: 1, isTestUser: false },
  resolve: async () => undefined,
  definition: async () => undefined,
};

let db: Database;
let ingress: Ingress;
beforeAll(async () => {
  db = await testDatabase({ schema: 'executions', migrations: EXECUTIONS_MIGRATIONS });
  ingress = createIngress(db);
});
afterAll(async () => {
  await ingress.close();
  await db.close();
});
beforeEach(() => db.query('truncate claim, seen, command, batch'));

const record = (values: object = {}) => ({
  specversion: '1.0',
  type: 'atelier.trigger.v1',
  source: 'tests',
  id: '1',
  data: { account_sid: ACCOUNT, flow_sid: FLOW, to: '+15551230001', from: '+15557650001', idempotency_key: 'k1', ...values },
});
const take = async (records: readonly unknown[], account?: AccountSid): Promise<readonly TriggerResult[]> =>
  (await takeTriggerRecords({ ingress, flows, clock: systemClock, settings: { contactBytesMax: 300 } }, records, account)).map(({ result }) => result);
const commands = async (): Promise<{ body: string }[]> => db.query('select body from command order by shard, pos');

describe('a trigger record', () => {
  it('starts an execution whose request is made from the idempotency key', async () => {
    const [result] = await take([record({ parameters: { name: 'Ada', n: 1 } })], ACCOUNT);
    expect(result).toEqual({ idempotency_key: 'k1', status: 'started', execution_sid: expect.stringMatching(/^FN[0-9a-f]{32}$/) });
    const [command] = await commands();
    expect(JSON.parse(command?.body ?? '')).toMatchObject({
      start: {
        execution: result?.execution_sid,
        trigger: {
          event: 'incomingRequest',
          contact: '+15551230001',
          address: '+15557650001',
          initiatedBy: requestSidOf(ACCOUNT, 'k1'),
          data: { to: '+15551230001', from: '+15557650001', parameters: { name: 'Ada', n: 1 } },
        },
      },
    });
  });

  it('repeated is a duplicate and names the same execution', async () => {
    const [first] = await take([record()], ACCOUNT);
    expect(await take([record({ to: '+15550000000' })], ACCOUNT)).toEqual([{ idempotency_key: 'k1', status: 'duplicate', execution_sid: first?.execution_sid }]);
    expect(await commands()).toHaveLength(1);
  });

  it('for a contact whose execution is active is a conflict, and its key is free again', async () => {
    const [first] = await take([record()], ACCOUNT);
    expect(await take([record({ idempotency_key: 'k2' })], ACCOUNT)).toEqual([{ idempotency_key: 'k2', status: 'conflict', conflicting_execution_sid: first?.execution_sid }]);
    expect(await take([record({ idempotency_key: 'k2', to: '+15550000000' })], ACCOUNT)).toMatchObject([{ status: 'started' }]);
  });

  it.each([
    ['of another account', record({ account_sid: `AC${'b'.repeat(32)}` }), { code: 20003 }],
    ['of a flow that does not exist', record({ flow_sid: `FW${'9'.repeat(32)}` }), { code: 20404 }],
    ['of a flow without a published revision', record({ flow_sid: DRAFT }), { code: 20001, message: `Flow ${DRAFT} has no published revision` }],
    ['with parameters that are too large', record({ parameters: { a: 'x'.repeat(262_144) } }), { code: 20001 }],
    ['with addresses that are too long together', record({ to: 'ü'.repeat(150), from: 'x' }), { code: 81023 }],
  ])('%s is rejected', async (_, input, error) => {
    expect(await take([input], ACCOUNT)).toEqual([{ idempotency_key: 'k1', status: 'rejected', error: expect.objectContaining(error) }]);
    expect(await commands()).toEqual([]);
  });

  it.each([
    ['no object', 'text', ''],
    ['an array', [record()], ''],
    ['of another type', { ...record(), type: 'something.else' }, 'k1'],
    ['without an address', record({ to: undefined }), 'k1'],
    ['with parameters that are no object', record({ parameters: [1] }), 'k1'],
    ['with a key that is no text', record({ idempotency_key: 1 }), ''],
    ['nested too deep', record({ parameters: JSON.parse('{"a":'.repeat(500) + '1' + '}'.repeat(500)) as object }), ''],
  ])('that is %s is rejected, with its reason for the dead letters', async (_, input, key) => {
    const [taken] = await takeTriggerRecords({ ingress, flows, clock: systemClock, settings: { contactBytesMax: 300 } }, [input], ACCOUNT);
    expect(taken).toEqual({ result: { idempotency_key: key, status: 'rejected', error: { code: 20001, message: expect.any(String) } }, deadLetter: expect.any(String) });
  });

  it('from the bus is taken for whatever account it names: there the topic’s access list decides', async () => expect(await take([record()])).toMatchObject([{ status: 'started' }]));

  it('may carry what no text column holds', async () => {
    expect(await take([record({ to: 'a\u0000b', parameters: { lone: '\ud800', nul: '\u0000' } })], ACCOUNT)).toMatchObject([{ status: 'started' }]);
    expect(JSON.parse((await commands())[0]?.body ?? '')).toMatchObject({ start: { trigger: { data: { parameters: { lone: '\ud800', nul: '\u0000' } } } } });
  });
});

describe('an array of records', () => {
  it('has one result each, in order, where the first of a key and of a contact wins', async () => {
    const results = await take(
      [record({ idempotency_key: 'a' }), record({ idempotency_key: 'b', to: '+2' }), record({ idempotency_key: 'a' }), 'nonsense', record({ idempotency_key: 'c', to: '+2' }), record({ idempotency_key: 'd', to: '+3' })],
      ACCOUNT,
    );
    expect(results.map(({ idempotency_key, status }) => [idempotency_key, status])).toEqual([
      ['a', 'started'], ['b', 'started'], ['a', 'duplicate'], ['', 'rejected'], ['c', 'conflict'], ['d', 'started'],
    ]);
    expect(results[2]?.execution_sid).toBe(results[0]?.execution_sid);
    expect(results[4]?.conflicting_execution_sid).toBe(results[1]?.execution_sid);
  });

  it('of a thousand is taken in a few commits', async () => {
    const records = Array.from({ length: 1_000 }, (_, i) => record({ idempotency_key: `k${i}`, to: `+1${i}` }));
    expect((await take(records, ACCOUNT)).filter(({ status }) => status === 'started')).toHaveLength(1_000);
    expect(await take(records, ACCOUNT)).toEqual(expect.arrayContaining([expect.objectContaining({ status: 'duplicate' })]));
    expect(await commands()).toHaveLength(1_000);
  });
});

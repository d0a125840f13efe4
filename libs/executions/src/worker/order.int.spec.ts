import { type Database, openDatabase } from '@atelier/platform';
import { testDatabaseUrl } from '@atelier/testing';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE, SHARDS } from '../store/migrations';
import type { ExecutionWorker } from './worker';

const CONTACTS = 10_000;
const TEXTS = ['first', 'second', 'third'];
const AT_ONCE = 1_000; // contacts that write at the same moment; each waits until its own text is taken

/** How many executions took the texts of their contact in this order, seen where each appears first in their log. */
const IN_ORDER = `select count(*)::int as n from (select string_agg(body, '' order by version) as log from sprint group by execution) l
  where position('"first"' in log) > 0 and position('"first"' in log) < position('"second"' in log) and position('"second"' in log) < position('"third"' in log)`;

describe(`${CONTACTS} contacts at once`, () => {
  let samples: SampleExecutions;
  const databases: Database[] = [];
  const workers: ExecutionWorker[] = [];
  beforeAll(async () => {
    const url = await testDatabaseUrl();
    const opened = async (): Promise<Database> => openDatabase({ url, ...EXECUTIONS_DATABASE, poolMax: 10 });
    samples = new SampleExecutions(await opened());
    for (let n = 0; n < 3; n++) databases.push(await opened());
  }, 90_000);
  afterAll(async () => {
    await samples.close();
    await Promise.all(databases.map((each) => each.close()));
  }, 60_000);

  const joined = async (): Promise<void> => void workers.push(await samples.start({ db: databases[workers.length] as Database })); // there is one for each
  const said = async (contact: string, text: string): Promise<void> => {
    const { start, ...message } = samples.messageOf('loop', contact, text);
    await samples.ingress.message({ ...message, start: { ...start, trigger: { ...start.trigger, data: { Body: text } } } });
  };
  const everybodySays = async (contacts: readonly string[], scaled: () => Promise<void>): Promise<void> => {
    const queue = contacts.values();
    const lane = async (): Promise<void> => {
      for (const contact of queue) for (const text of TEXTS) await said(contact, text);
    };
    await Promise.all([scaled(), ...Array.from({ length: AT_ONCE }, lane)]);
  };

  it('are each heard in the order in which they wrote, while one worker becomes three and then two', async () => {
    await joined();
    const contacts = Array.from({ length: CONTACTS }, () => samples.contact());
    await everybodySays(contacts.slice(0, CONTACTS / 2), async () => {
      await joined();
      await joined();
    });
    await everybodySays(contacts.slice(CONTACTS / 2), async () => workers[0]?.stop());
    await workers[1]?.idle();
    await workers[2]?.idle();
    expect((workers[1]?.shardsOwned ?? 0) + (workers[2]?.shardsOwned ?? 0)).toBe(SHARDS);
    expect(await samples.db.query('select from execution')).toHaveLength(CONTACTS);
    expect(await samples.db.query(IN_ORDER)).toEqual([{ n: CONTACTS }]);
    expect(await samples.db.query('select from parked')).toEqual([]);
  }, 300_000);
});

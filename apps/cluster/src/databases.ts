import { Fault } from '@atelier/contracts';
import { Client } from 'pg';
import { CONTEXTS, type Context } from './services';

/** A URL for each context: its own database, as its own role. */
export type ContextUrls = Readonly<Record<Context, string>>;

/**
 * Makes what is missing: a role and a database for each context; nobody but its owner connects to a database. Asked again, it changes nothing.
 * `installation` begins their names: roles belong to the whole server, and several installations may share one.
 */
export const prepareDatabases = async (adminUrl: string, passwords: Readonly<Record<Context, string>>, installation = 'atelier'): Promise<ContextUrls> => {
  const nameOf = (context: Context): string => `${installation}_${context}`;
  const admin = new Client({ connectionString: adminUrl });
  try {
    await admin.connect();
    const { pathname } = new URL(adminUrl);
    await admin.query(`revoke connect on database ${admin.escapeIdentifier(pathname.slice(1))} from public`);
    for (const context of CONTEXTS) await prepareDatabase(admin, nameOf(context), passwords[context]);
  } catch (error) {
    throw new Fault(`The databases of the contexts could not be prepared: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await admin.end().catch(() => undefined); // the connection may never have been made; the error above says so
  }
  return Object.fromEntries(CONTEXTS.map((context) => [context, urlOf(adminUrl, nameOf(context), passwords[context])])) as Record<Context, string>; // one for each
};

const prepareDatabase = async (admin: Client, name: string, password: string): Promise<void> => {
  const has = async (text: string): Promise<boolean> => (await admin.query(text, [name])).rowCount === 1;
  if (!(await has('select from pg_roles where rolname = $1'))) await admin.query(`create role ${name}`);
  await admin.query(`alter role ${name} login password ${admin.escapeLiteral(password)}`);
  if (!(await has('select from pg_database where datname = $1'))) await admin.query(`create database ${name} owner ${name}`);
  await admin.query(`revoke connect on database ${name} from public`);
};

const urlOf = (adminUrl: string, name: string, password: string): string => {
  const url = new URL(adminUrl);
  url.username = name;
  url.password = password;
  url.pathname = `/${name}`;
  return url.toString();
};

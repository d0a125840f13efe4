import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '@atelier/platform';
import { z } from 'zod';
import type { Command } from './command';

/** Where to ask, and as whom. */
export type Access = { readonly url: string; readonly authorization: string; readonly as: string };

type Env = Readonly<Record<string, string | undefined>>;

const account = z.object({ account_sid: z.string(), auth_token: z.string() });
const cluster = z.object({ internal_token: z.string() });
const DATA_DIRS = ['.atelier', '.atelier/cluster'];

/**
 * As the operator of the installation, who sees everything, where its token is known: ATELIER_INTERNAL_TOKEN, or the secrets of a cluster in the data
 * folder. Else as the account of ATELIER_ACCOUNT_SID and ATELIER_AUTH_TOKEN, or of the data folder, which sees its own.
 */
export const accessOf = ({ url, dataDir }: Pick<Command, 'url' | 'dataDir'>, env: Env): Access => {
  const origin = originOf(url ?? env['ATELIER_PUBLIC_URL'] ?? `http://127.0.0.1:${env['ATELIER_HTTP_PORT'] ?? '8080'}`);
  const folders = dataDir ?? env['ATELIER_DATA_DIR'];
  const who = operator(env['ATELIER_INTERNAL_TOKEN']) ?? owner(env['ATELIER_ACCOUNT_SID'], env['ATELIER_AUTH_TOKEN']) ?? (folders === undefined ? DATA_DIRS : [folders]).map(inFolder).find((each) => each);
  if (who) return { url: origin, ...who };
  throw new ConfigurationError('Who is asking? Set ATELIER_INTERNAL_TOKEN, or ATELIER_ACCOUNT_SID and ATELIER_AUTH_TOKEN, or name the data folder with --data.');
};

type Who = Omit<Access, 'url'>;

const originOf = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.protocol.startsWith('http')) throw new ConfigurationError(`Expected the origin of an installation, such as http://127.0.0.1:8080, found ${text}.`);
  return (url.origin + url.pathname).replace(/\/+$/, '');
};

const operator = (token: string | undefined): Who | undefined => (token ? { authorization: `Bearer ${token}`, as: 'the operator' } : undefined);

const owner = (sid: string | undefined, token: string | undefined): Who | undefined =>
  sid && token ? { authorization: `Basic ${Buffer.from(`${sid}:${token}`).toString('base64')}`, as: sid } : undefined;

const inFolder = (wanted: string): Who | undefined => {
  const location = join(wanted, 'location'); // root may have been given another folder
  const dir = existsSync(location) ? readFileSync(location, 'utf8').trim() : wanted;
  const secrets = readIn(dir, 'cluster.secrets.json', cluster);
  const first = readIn(dir, 'account.json', account);
  return operator(secrets?.internal_token) ?? owner(first?.account_sid, first?.auth_token);
};

const readIn = <S extends z.ZodType>(dir: string, name: string, schema: S): z.infer<S> | undefined => {
  const file = join(dir, name);
  if (!existsSync(file)) return undefined;
  const { success, data } = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!success) throw new ConfigurationError(`${file} does not hold what it should.`);
  return data;
};

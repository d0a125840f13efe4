import type { TopicSource } from '@atelier/bus';
import { type SqlEventStore, createEventStore, topicSourceOf } from '@atelier/event-store';
import { type Clock, type Database, systemClock } from '@atelier/platform';
import type { CredentialCheck } from '@atelier/rest-kit';
import type { SigningToken, StudioKey } from '@atelier/twilio-client';
import { AccountService, type SeedAccount } from './account.service';
import { ApiKeyService } from './api-key.service';
import { StoredCredentialCheck } from './credential-check';
import { CredentialTables } from './credential-tables';
import type { KeyAuthority } from './key-authority.port';
import { localKeyAuthority } from './local-key-authority';
import { assertMasterKey } from './master-key';
import type { Wait } from './pace';
import { accountTable } from './projections/account.projection';
import { apiKeyTable } from './projections/api-key.projection';
import { CREDENTIALS_LOG, publicCredentialsEvent } from './publish';
import { Secrets } from './secrets';
import { StoredSigningToken } from './signing-token';
import { StudioKeyDesk } from './studio-key';
import { Vault } from './vault';
import { Witness } from './witness';

/** The context without HTTP: what a worker thread needs, and what the REST side stands on. */
export type CredentialsCore = {
  readonly check: CredentialCheck;
  readonly studioKey: StudioKey;
  readonly signingToken: SigningToken;
  /** `atelier.credentials.events`. */
  readonly topic: TopicSource;
  readonly accounts: AccountService;
  readonly keys: ApiKeyService;
  readonly tables: CredentialTables;
  readonly witness: Witness;
  readonly store: SqlEventStore;
  readonly region: string;
  /** At every start: the first account, made or given this token. Also one that was there before this context was. */
  seed(account: SeedAccount): Promise<void>;
  /** Stops listening to other processes, before the database is closed. */
  close(): Promise<void>;
};

/** Token of the CredentialsCore in Nest. */
export const CREDENTIALS_CORE = Symbol('CredentialsCore');

export type CredentialsOptions = {
  /** 32 bytes. */
  readonly masterKey: Buffer;
  readonly region: string;
  /** Counts up when executions move to a new data store. */
  readonly storeGeneration?: number;
  /** Left out: this installation itself is where keys live. */
  readonly authority?: KeyAuthority;
  readonly clock?: Clock;
  readonly wait?: Wait;
};

/** What can be built again from the context's log; secrets are not on it. */
export const CREDENTIALS_PROJECTIONS = [accountTable, apiKeyTable] as const;

/** Over a database that was opened with CREDENTIALS_MIGRATIONS; the caller closes it. A ConfigurationError where the master key is not this store's. */
export const createCredentialsCore = async (database: Database, options: CredentialsOptions): Promise<CredentialsCore> => {
  const { masterKey, region, storeGeneration = 1, authority = localKeyAuthority(database), clock = systemClock, wait = waiting } = options;
  const vault = new Vault(masterKey);
  await assertMasterKey(database, vault);
  const store = createEventStore(database, { projections: CREDENTIALS_PROJECTIONS, clock, notifyChannel: `${database.schema}_log` });
  const tables = new CredentialTables(database);
  const secrets = new Secrets(vault);
  const witness = new Witness(store, clock);
  const check = new StoredCredentialCheck(database, store, clock, vault, region);
  const accounts = new AccountService(store, tables, secrets, check, region);
  return {
    check,
    studioKey: new StudioKeyDesk({ db: database, store, vault, secrets, authority, clock, wait }, { region, generation: storeGeneration }),
    signingToken: new StoredSigningToken(database, store, clock, vault),
    topic: topicSourceOf(store, { topic: 'atelier.credentials.events', log: CREDENTIALS_LOG, publish: publicCredentialsEvent }),
    accounts,
    keys: new ApiKeyService(store, tables, secrets, witness, region),
    tables,
    witness,
    store,
    region,
    seed: (account) => accounts.seed(account),
    close: () => store.close(),
  };
};

const waiting: Wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

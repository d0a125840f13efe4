export { type SeedAccount } from './account.service';
export { CREDENTIALS_CORE, CREDENTIALS_PROJECTIONS, type CredentialsCore, type CredentialsOptions, createCredentialsCore } from './credentials-core';
export { CredentialsModule } from './credentials.module';
export { CREDENTIALS_MIGRATIONS, credentialsConfig, credentialsOptionsOf } from './credentials-config';
export { readMasterKey, readOrMakeMasterKey } from './master-key';
export type { KeyAuthority } from './key-authority.port';
export { CREDENTIALS_LOG } from './publish';

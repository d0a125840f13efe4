export { type CredentialCheck, type Principal, CREDENTIAL_CHECK } from './credential-check.port';

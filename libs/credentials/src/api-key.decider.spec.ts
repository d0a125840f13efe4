import { specification } from '@atelier/event-store';
import { type ApiKeyCommand, apiKeys } from './api-key.decider';
import type { ApiKeyEvent } from './credentials.events';

const accountSid = `AC${'a'.repeat(32)}` as const;
const stranger = `AC${'b'.repeat(32)}` as const;
const sid = `SK${'1'.repeat(32)}` as const;

const created: ApiKeyEvent = { type: 'ApiKeyCreated', data: { accountSid, sid, friendlyName: 'first', region: 'us1' } };
const renamed: ApiKeyEvent = { type: 'ApiKeyRenamed', data: { accountSid, sid, friendlyName: 'second', before: 'first' } };
const deleted = (friendlyName = 'first'): ApiKeyEvent => ({ type: 'ApiKeyDeleted', data: { accountSid, sid, friendlyName, credentialSid: null } });
const create: ApiKeyCommand = { type: 'CreateApiKey', data: { accountSid, sid, friendlyName: 'first', region: 'us1' } };
const rename = (friendlyName: string, by = accountSid as `AC${string}`): ApiKeyCommand => ({ type: 'RenameApiKey', data: { accountSid: by, friendlyName } });
const remove = (by = accountSid as `AC${string}`): ApiKeyCommand => ({ type: 'DeleteApiKey', data: { accountSid: by } });
const { given } = specification(apiKeys);

describe('an API key', () => {
  it('is created once, and its identifier is never used again', () => {
    given().when(create).then(created);
    given(created).when(create).thenNothing();
    given(created, deleted()).when(create).thenNothing();
  });
  it('is renamed, telling its former name', () => {
    given(created).when(rename('second')).then(renamed);
    given(created, renamed).when(rename('second')).thenNothing();
  });
  it('is deleted under its last name, without a credential', () => given(created, renamed).when(remove()).then(deleted('second')));
  it('is gone once deleted', () => {
    given(created, deleted()).when(remove()).thenRejected('NotFound');
    given(created, deleted()).when(rename('x')).thenRejected('NotFound');
  });
  it('is not there for other accounts', () => {
    given(created).when(remove(stranger)).thenRejected('NotFound');
    given(created).when(rename('x', stranger)).thenRejected('NotFound');
  });
});

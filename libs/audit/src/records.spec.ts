import { createHash } from 'node:crypto';
import type { PublicEvent } from '@atelier/contracts';
import { recordsOf } from './records';
import { AC, FW, SK, auditable } from './events.example';

const CR = `CR${'c'.repeat(32)}`;
const recorded = (over: Partial<PublicEvent> = {}) => recordsOf({ ...auditable(), ...over });
const sidOf = (id: string, type: string) => `AE${createHash('sha256').update(id + type).digest('hex').slice(0, 32)}`;

describe('the record of an event', () => {
  it('has an identifier that a rebuild gives again', () => {
    expect(recorded({ id: 'e-1' })[0]?.sid).toBe(sidOf('e-1', 'flow.updated'));
    expect(recorded({ id: 'e-1' })).toEqual(recorded({ id: 'e-1' }));
  });

  it('tells who, from where, with which key, and what changed', () => {
    expect(recorded()).toMatchObject([
      {
        account: AC,
        at: '2026-01-31T12:00:00.250Z',
        eventType: 'flow.updated',
        actor: AC,
        resource: FW,
        sourceIp: '203.0.113.7',
        isHidden: false,
        body: {
          actorType: 'account',
          source: 'api',
          region: 'us1',
          properties: { revision: { previous: 1, updated: 2 } },
          context: { credential_sid: SK, request_id: expect.stringMatching(/^RQ/) as string, user_agent: 'tests/1', source_ip_from: 'forwarded' },
        },
      },
    ]);
  });

  it('has the time of the event, to the millisecond, whatever its spelling', () => {
    expect(recorded({ time: '2026-01-31T13:00:00.250999+01:00' })[0]?.at).toBe('2026-01-31T12:00:00.250Z');
  });

  it('leaves out what is not known', () => {
    const event = auditable();
    expect(recorded({ meta: { ...event.meta, credentialSid: null, userAgent: null } })[0]?.body.context).not.toHaveProperty('credential_sid');
  });
});

describe('a Studio API Key', () => {
  const created = { type: 'account-api-keys.created', subject: SK };
  const properties = { status: { previous: null, updated: 'Active' }, friendly_name: { previous: null, updated: 'Studio API Key' } };

  it('makes two records: the key and its credential', () => {
    const records = recorded({ ...created, id: 'e-2', data: { resource_properties: properties, credential_sid: CR, reason: 'first_execution' } });
    expect(records.map(({ eventType, resource, sid }) => [eventType, resource, sid])).toEqual([
      ['account-api-keys.created', SK, sidOf('e-2', 'account-api-keys.created')],
      ['account-credentials.created', CR, sidOf('e-2', 'account-credentials.created')],
    ]);
    expect(records[1]?.body.properties).toEqual({
      friendly_name: { previous: null, updated: 'Studio API Key' },
      type: { previous: null, updated: 'Twilio Signing Key' },
      api_key_sid: { previous: null, updated: SK },
    });
    expect(records.map(({ body }) => body.context['reason'])).toEqual(['first_execution', 'first_execution']);
  });

  it('takes its credential with it when it goes', () => {
    const gone = { friendly_name: { previous: 'Studio API Key', updated: null } };
    const [, credential] = recorded({ type: 'account-api-keys.deleted', subject: SK, data: { resource_properties: gone, credential_sid: CR } });
    expect(credential).toMatchObject({ eventType: 'account-credentials.deleted', body: { properties: { ...gone, api_key_sid: { previous: SK, updated: null } } } });
  });

  it('is alone where a user made the key', () => {
    expect(recorded({ ...created, data: { resource_properties: properties } })).toHaveLength(1);
  });
});

describe('what is not recorded', () => {
  it.each(['execution.ended', 'flow.validated', 'account-api-keys.used', 'toString'])('%s', (type) => expect(recorded({ type })).toEqual([]));
});

describe('what is recorded and not shown unasked', () => {
  it.each(['flow.update-denied', 'account-api-keys.create-denied', 'account-auth-token.secret-read'])('%s', (type) =>
    expect(recorded({ type })).toMatchObject([{ eventType: type, isHidden: true }]));
});

describe('an audited event that cannot be read', () => {
  it.each([
    ['no meta', { meta: undefined }],
    ['no account', { meta: { ...auditable().meta, accountSid: 'nobody' } }],
    ['no resource', { subject: undefined }],
    ['a source of its own invention', { meta: { ...auditable().meta, source: 'magic' } }],
    ['changes without before and after', { data: { resource_properties: { status: 'published' } } }],
    ['no time', { time: 'yesterday' }],
  ])('is refused: %s', (_, over) => expect(() => recorded(over as Partial<PublicEvent>)).toThrow());
});

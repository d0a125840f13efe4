import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import twilio from 'twilio';
import { CREDENTIALS_MIGRATIONS } from '../credentials-config';
import { ACCOUNT, type SampleApp, TOKEN, startSampleApp } from './sample-app';

// The official client rewrites host names by these.
delete process.env['TWILIO_REGION'];
delete process.env['TWILIO_EDGE'];

let database: Database;
let app: SampleApp;
beforeAll(async () => {
  database = await testDatabase({ schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS });
  app = await startSampleApp(database);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await database?.close();
});

const clientOf = (user: string, secret: string, accountSid = ACCOUNT): twilio.Twilio => {
  const client = user.startsWith('SK') ? twilio(user, secret, { accountSid }) : twilio(user, secret);
  for (const domain of ['api', 'iam'] as const) client[domain].baseUrl = app.url;
  return client;
};

it('smoke', async () => {
  const client = clientOf(ACCOUNT, TOKEN);
  const made = await client.newKeys.create({ friendlyName: 'x' });
  console.log(made.toJSON());
  console.log(await client.keys.list());
  console.log((await client.iam.v1.newApiKey.create({ accountSid: ACCOUNT, friendlyName: 'iam' })).toJSON());
  console.log((await client.iam.v1.getApiKeys.list({ accountSid: ACCOUNT })).map((k) => k.toJSON()));
  console.log((await client.api.accounts.list()).map((k) => k.toJSON()));
  console.log((await client.api.accounts.create({ friendlyName: 'sub' })).toJSON());
  console.log(await app.core.studioKey.ensure(ACCOUNT, {}));
  console.log(await clientOf(made.sid, made.secret).keys.list().catch((e) => e));
  console.log(JSON.stringify(await app.core.topic.read(0, 0, 100), null, 1));
  console.log(await app.unguarded());
});

import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { FLOWS_MIGRATIONS } from '../flows-config';
import { ACCOUNT, type SampleApp, formOf, sampleDefinition, startSampleApp } from './sample-app';

let database: Database;
let app: SampleApp;
beforeAll(async () => {
  database = await testDatabase({ schema: 'flows', migrations: FLOWS_MIGRATIONS });
  app = await startSampleApp(database);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await database?.close();
});

describe('POST /atelier/v1/Flows/Import', () => {
  const path = '/atelier/v1/Flows/Import';
  const broken = (): object => ({
    ...sampleDefinition(0),
    states: [
      { name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingMessage', next: 'ask' }], properties: { offset: { x: 0, y: 0 } } },
      { name: 'ask', type: 'send-and-wait-for-reply', transitions: [{ event: 'incomingMessage', next: 'gone' }, { event: 'timeout' }, { event: 'deliveryFailure' }], properties: { offset: { x: 0, y: 0 }, from: '{{flow.channel.address}}', body: 'x', timeout: 3600 } },
    ],
  });

  it('201: coerces what is certain and keeps dangling ends as an invalid draft, which cannot be published', async () => {
    const { status, body } = await app.ask('POST', path, formOf(broken()));
    expect(status).toBe(201);
    expect(body).toMatchObject({ valid: false, status: 'draft', revision: 1, errors: [{ property_path: '#/states/1/transitions/0/next' }] });
    expect(body['warnings']).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'coerced' })]));
    const sid = body['sid'] as string;
    const published = await app.ask('POST', `/v2/Flows/${sid}`, { Status: 'published' });
    expect(published.body).toMatchObject({ code: 81022, status: 400, details: { errors: [{ property_path: '#/states/1/transitions/0/next' }] } });
    expect((await app.ask('POST', `/v2/Flows/${sid}`, { Status: 'draft', FriendlyName: 'renamed' })).body).toMatchObject({ valid: false, revision: 2 });
    expect(await app.core.directory.resolve(ACCOUNT, sid as `FW${string}`, 'LatestRevision')).toBeUndefined();
  });

  it('201: ends dangling branches on request, so that the flow can be published', async () => {
    const { status, body } = await app.ask('POST', path, formOf(broken(), { DanglingNext: 'end', Status: 'published' }));
    expect({ status, body }).toMatchObject({ status: 201, body: { valid: true, errors: [], status: 'published' } });
  });

  it('201: keeps the identifier while it is free, also from JSON with the definition as an object', async () => {
    const FlowSid = `FW${'9'.repeat(31)}A`;
    const json = JSON.stringify({ FriendlyName: 'kept', Definition: sampleDefinition(), FlowSid, Coerce: false });
    const kept = await app.ask('POST', path, json, { 'content-type': 'application/json' });
    expect(kept).toMatchObject({ status: 201, body: { sid: FlowSid.toLowerCase().replace('fw', 'FW'), status: 'draft', valid: true } });
    expect((await app.ask('POST', path, json, { 'content-type': 'application/json' })).body).toMatchObject({ code: 20409, status: 409 });
  });

  it('400: what is no flow at all, and publishing with errors', async () => {
    expect((await app.ask('POST', path, formOf('{}'))).body).toMatchObject({ code: 81022, status: 400 });
    expect((await app.ask('POST', path, formOf(broken(), { Status: 'published' }))).body).toMatchObject({ code: 81022, status: 400 });
    expect((await app.ask('POST', path, formOf(sampleDefinition(), { FlowSid: 'FW1' }))).body).toMatchObject({ code: 20001, status: 400 });
    expect((await app.ask('POST', path, formOf(sampleDefinition(), { DanglingNext: 'cut' }))).body).toMatchObject({ code: 20001, status: 400 });
    expect((await app.ask('POST', path, formOf(sampleDefinition(), { Coerce: 'maybe' }))).body).toMatchObject({ code: 20001, status: 400 });
  });
});

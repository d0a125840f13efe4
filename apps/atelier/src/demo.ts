/** npm run demo: against a running Atelier, with the official client. Imports an example flow, texts it, and prints all that came of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import twilio from 'twilio';

const root = join(__dirname, '..', '..', '..');
const url = process.env['ATELIER_PUBLIC_URL'] ?? `http://127.0.0.1:${process.env['ATELIER_HTTP_PORT'] ?? '8080'}`;
const PHONE = '+15551230001';
const FLOW_NUMBER = '+15557650001';
const PATIENCE_MS = 15_000;

type Account = { account_sid: string; auth_token: string };
type Line = { from: string; to: string; body: string };

/** Root may have been given another data folder; `location` names it. */
const accountOf = (dataDir: string): Account => {
  const location = join(dataDir, 'location');
  const dir = existsSync(location) ? readFileSync(location, 'utf8').trim() : dataDir;
  return JSON.parse(readFileSync(join(dir, 'account.json'), 'utf8')) as Account;
};

const clientFor = ({ account_sid, auth_token }: Account): twilio.Twilio => {
  const client = twilio(account_sid, auth_token);
  for (const domain of [client.studio, client.monitor, client.api, client.iam]) domain.baseUrl = url; // the only change
  return client;
};

const phone = async ({ account_sid, auth_token }: Account, method: 'GET' | 'POST', form?: Record<string, string>): Promise<Line[]> => {
  const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`;
  const answer = await fetch(`${url}/carrier/v1/Phones/${encodeURIComponent(PHONE)}/Messages`, {
    method,
    headers: { authorization },
    ...(form ? { body: new URLSearchParams(form) } : {}),
  });
  if (!answer.ok) throw new Error(`the simulated phone: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { messages?: Line[] }).messages ?? [];
};

const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const main = async (): Promise<void> => {
  const account = accountOf(process.env['ATELIER_DATA_DIR'] ?? join(root, '.atelier'));
  const client = clientFor(account);
  const definition: unknown = JSON.parse(readFileSync(join(root, 'examples', 'appointment-reminder.json'), 'utf8'));

  const flow = await client.studio.v2.flows.create({ friendlyName: 'Appointment reminder', status: 'published', definition, commitMessage: 'demo' });
  console.log(`Flow      ${flow.sid} revision ${flow.revision}, valid: ${flow.valid}`);
  const [known] = await client.incomingPhoneNumbers.list({ phoneNumber: FLOW_NUMBER, limit: 1 });
  const number = known ? await client.incomingPhoneNumbers(known.sid).update({ smsUrl: flow.webhookUrl }) : await client.incomingPhoneNumbers.create({ phoneNumber: FLOW_NUMBER, smsUrl: flow.webhookUrl });
  console.log(`Number    ${number.phoneNumber} → ${flow.webhookUrl}`);

  const before = (await phone(account, 'GET')).length;
  const answered = (n: number): Promise<Line[]> => until('an answer', async () => {
    const lines = await phone(account, 'GET');
    return lines.length >= before + n ? lines : undefined;
  });
  await phone(account, 'POST', { To: FLOW_NUMBER, Body: 'Hi' });
  await answered(2);
  await phone(account, 'POST', { To: FLOW_NUMBER, Body: 'Yes' });
  const conversation = (await answered(4)).slice(before);

  console.log('\nConversation');
  for (const { from, body } of conversation) console.log(`  ${from === PHONE ? '→' : '←'} ${body}`);

  const execution = await until('the end of the execution', async () => {
    const [newest] = await client.studio.v2.flows(flow.sid).executions.list({ limit: 1 });
    return newest?.status === 'ended' ? newest : undefined;
  });
  console.log(`\nExecution ${execution.sid} ${execution.status}`);
  const steps = await client.studio.v2.flows(flow.sid).executions(execution.sid).steps.list();
  for (const step of steps.reverse()) console.log(`  ${step.transitionedFrom} —${step.name}→ ${step.transitionedTo}`);

  console.log('\nAPI keys of the account');
  for (const key of await client.keys.list()) console.log(`  ${key.sid} ${key.friendlyName}`);

  const events = await until('the audit records', async () => {
    const found = await client.monitor.v1.events.list({ limit: 20 });
    return found.some(({ eventType }) => eventType === 'account-credentials.created') && found.some(({ resourceSid }) => resourceSid === flow.sid) ? found : undefined;
  });
  console.log('\nAudit records, newest first');
  for (const event of events)
    console.log(`  ${event.eventDate.toISOString()} ${event.eventType.padEnd(28)} ${event.resourceSid} source ${event.source} ip ${event.sourceIpAddress ?? '-'} actor ${event.actorSid ?? '-'}`);
};

main().catch((error: unknown) => {
  const refused = error instanceof Error && 'cause' in error && String((error.cause as { code?: string }).code) === 'ECONNREFUSED';
  console.error(refused || String(error).includes('ECONNREFUSED') ? `Nothing answers at ${url}: run \`npm start\` first.` : error);
  process.exitCode = 1;
});

import { Client } from 'pg';
import twilio from 'twilio';
import { type Product, clientOf, phoneOf, rest } from './sample-client';
import { flowOf, say } from './sample-flows';

/** An account of its own with its client. */
export type SampleAccount = Product & { readonly client: twilio.Twilio };

export const FLOW_NUMBER = '+15557650001';

/** The official client, signed in as somebody else: with a key, or as the account's owner. */
export const clientAs = ({ url, accountSid }: Product, user: string, secret: string): twilio.Twilio => {
  const client = twilio(user, secret, { accountSid });
  for (const domain of [client.studio, client.monitor, client.api, client.iam]) domain.baseUrl = url;
  return client;
};

/** A fresh subaccount: no execution, no key, no record but what it does itself. */
export const subaccountOf = async (owner: Product): Promise<SampleAccount> => {
  const { sid, authToken } = await clientOf(owner).api.accounts.create({ friendlyName: 'sample' });
  const product = { url: owner.url, accountSid: sid, authToken };
  return { ...product, client: clientOf(product) };
};

/** What a phone got of the flow's number, oldest first. */
export const heard = async (account: Product, address: string): Promise<string[]> => {
  const { body } = await rest(account, 'GET', `/carrier/v1/Phones/${encodeURIComponent(address)}/Messages`);
  return (body['messages'] as { from: string; body: string }[]).filter(({ from }) => from === FLOW_NUMBER).map((message) => message.body);
};

/** Somebody writes to the flow's number. */
export const write = (account: Product, address: string, body: string): Promise<string> => phoneOf(account, address).text(FLOW_NUMBER, body);

const offset = { x: 0, y: 0 };
const noted = (value: string) => ({ name: 'noted', type: 'set-variables', transitions: [{ event: 'next' }], properties: { offset, variables: [{ key: 'code', value }] } });

/** One message; where it fails, its code is noted. */
export const oneMessage = flowOf({ ...say('greet', 'hello'), transitions: [{ event: 'sent' }, { event: 'failed', next: 'noted' }] }, noted('{{widgets.greet.outbound.ErrorCode}}'));

/** A question, and a message after the answer or after this time. */
export const twoMessages = (timeout = '3600'): object =>
  flowOf(
    {
      name: 'question',
      type: 'send-and-wait-for-reply',
      transitions: [{ event: 'incomingMessage', next: 'thanks' }, { event: 'timeout', next: 'thanks' }, { event: 'deliveryFailure' }],
      properties: { offset, from: '{{flow.channel.address}}', body: 'how are you?', timeout },
    },
    say('thanks', 'thank you'),
  );

/** Calls nobody. */
export const quiet = flowOf(noted('0'));

/** Looks into a database of the product, which runs. */
export const lookInto = async <T>(url: string, look: (database: Client) => Promise<T>): Promise<T> => {
  const database = new Client({ connectionString: url });
  await database.connect();
  try {
    return await look(database);
  } finally {
    await database.end();
  }
};

import { createHmac } from 'node:crypto';
import type { RunningAtelier } from '@atelier/testing';
import { Pool } from 'undici';

export type Answer = { readonly status: number; readonly body: string };

/** The product's public doors, as fast as one process can knock. */
export type Client = {
  post(path: string, form: Readonly<Record<string, string>>): Promise<Answer>;
  postJson(path: string, body: unknown): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** A message webhook as Twilio signs it. */
  webhook(flowSid: string, form: Readonly<Record<string, string>>): Promise<Answer>;
  close(): Promise<void>;
};

export const clientOf = (atelier: RunningAtelier, connections = 64): Client => {
  const pool = new Pool(atelier.url, { connections, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const authorization = `Basic ${Buffer.from(`${atelier.accountSid}:${atelier.authToken}`).toString('base64')}`;
  const send = async (method: 'GET' | 'POST', path: string, headers: Record<string, string>, body: string | null): Promise<Answer> => {
    const answer = await pool.request({ method, path, headers, body });
    return { status: answer.statusCode, body: await answer.body.text() };
  };
  const FORM = 'application/x-www-form-urlencoded';
  return {
    post: (path, form) => send('POST', path, { authorization, 'content-type': FORM }, new URLSearchParams(form).toString()),
    postJson: (path, body) => send('POST', path, { authorization, 'content-type': 'application/json' }, JSON.stringify(body)),
    get: (path) => send('GET', path, { authorization }, null),
    webhook: (flowSid, form) => {
      const path = `/v1/Accounts/${atelier.accountSid}/Flows/${flowSid}`;
      return send('POST', path, { 'content-type': FORM, 'x-twilio-signature': signature(atelier, path, form) }, new URLSearchParams(form).toString());
    },
    close: () => pool.close(),
  };
};

// HMAC-SHA1 over the URL and the sorted parameters, as Twilio's documentation of webhook security says.
const signature = (atelier: RunningAtelier, path: string, form: Readonly<Record<string, string>>): string =>
  createHmac('sha1', atelier.authToken)
    .update(`${atelier.url}${path}${Object.keys(form).sort().map((name) => name + form[name]).join('')}`)
    .digest('base64');

/** Creates and publishes a flow; its SID. */
export const publishFlow = async (client: Client, name: string, definition: object): Promise<string> => {
  const { status, body } = await client.post('/v2/Flows', { FriendlyName: name, Status: 'published', Definition: JSON.stringify(definition) });
  if (status !== 201) throw new Error(`the flow ${name} was not accepted: ${status} ${body}`);
  return (JSON.parse(body) as { sid: string }).sid;
};

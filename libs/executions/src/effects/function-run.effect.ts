import type { HttpCaller, OutboundRequest, OutboundResult } from '@atelier/platform';
import { type SigningToken, formOf, signatureOf } from '@atelier/twilio-client';
import type { EffectOutcome, FunctionRequest } from '@atelier/widgets';
import { type EffectKind, notSent, patiently } from './effect-kind';
import { answerPayload } from './http-request.effect';

const NO_ANSWER = 81010; // an answer that is an error is the widget's 81017
const KEPT_HEADER = 'x-twilio-function-concurrency'; // the one that Studio hands on

/** Calls a Function: a form, signed with the account's token, as protected Functions demand. A redirect is an answer, not a way to go. */
export const functionRun = ({ caller, signing }: { readonly caller: HttpCaller; readonly signing: SigningToken }): EffectKind<FunctionRequest> => ({
  perform: async ({ account }, { url, parameters }, { signal }) => {
    if (!URL.canParse(url)) return notSent(NO_ANSWER, 'The URL of the Function is not valid');
    const tokens = await patiently(() => signing.tokens(account));
    return outcomeOf(await caller.call({ ...signedForm(new URL(url), parameters, tokens[0]), redirects: 'answer', signal }));
  },
  // Functions are called by POST, so nobody can say what a lost one did (invariant A5).
  reconcile: async () => ({
    ok: false,
    code: NO_ANSWER,
    message: 'The Function was being called when the worker stopped: nobody can say whether it ran',
    unknown: true,
  }),
});

const signedForm = (url: URL, parameters: FunctionRequest['parameters'], token: string | undefined): OutboundRequest => ({
  method: 'POST',
  url: url.href,
  headers: {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    ...(token !== undefined && { 'x-twilio-signature': signatureOf(token, url.origin + url.pathname + url.search, formOf(parameters)) }),
  },
  body: new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString(),
});

const outcomeOf = (result: OutboundResult): EffectOutcome => {
  if (result.kind === 'failure') return { ok: false, code: NO_ANSWER, message: result.message };
  const concurrency = result.headers[KEPT_HEADER];
  return { ok: true, payload: answerPayload(result, concurrency === undefined ? {} : { [KEPT_HEADER]: concurrency }) };
};

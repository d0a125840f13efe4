import type { Log, OutboundAnswer } from '@atelier/platform';
import type { Message } from './message';
import type { PhoneNumbers } from './phone-numbers';
import { type Verb, verbsOf } from './twiml';
import { type Parameters, inboundParameters } from './webhook-parameters';

/** One call of a webhook for a message. `what` tells it from the message's other calls. */
export type Call = { readonly url: string; readonly method: 'GET' | 'POST'; readonly parameters: Parameters; readonly what: string };

export type AnswersOptions = {
  /** The answer, whatever its status; undefined where there was none. */
  readonly tell: (message: Message, call: Call) => Promise<OutboundAnswer | undefined>;
  readonly numbers: Pick<PhoneNumbers, 'named'>;
  readonly log: Log;
};

type Place = { readonly url: string; readonly method: 'GET' | 'POST' };
type Heard = { readonly verbs: readonly Verb[] } | { readonly errorCode: number };

const REDIRECTS_MAX = 10; // a longer chain is a loop
const HTTP_RETRIEVAL_FAILURE = 11200; // Twilio's codes, told to the fallback URL
const DOCUMENT_PARSE_FAILURE = 12100;

/** What the webhooks of a number answer to a message. */
export class Answers {
  constructor(private readonly options: AnswersOptions) {}

  /** Follows redirects, and turns to the number's fallback URL once, where an answer is missing or of no use. */
  async to(message: Message, first: Place): Promise<readonly Verb[]> {
    const verbs: Verb[] = [];
    let call: Call = { ...first, parameters: inboundParameters(message), what: 'received 0' };
    for (let hop = 1, hasFailed = false; hop <= REDIRECTS_MAX + 1; hop++) {
      const heard = await this.heard(message, call);
      if ('errorCode' in heard) {
        const fallback = hasFailed ? undefined : await this.fallbackOf(message);
        if (!fallback) return verbs;
        hasFailed = true;
        call = { ...fallback, parameters: [...inboundParameters(message), ['ErrorCode', String(heard.errorCode)], ['ErrorUrl', call.url]], what: 'fallback' };
        continue;
      }
      for (const verb of heard.verbs) if (verb.verb === 'Message') verbs.push(verb);
      const last = heard.verbs.at(-1);
      if (last?.verb !== 'Redirect') return verbs;
      call = { ...last, parameters: inboundParameters(message), what: `received ${hop}` };
    }
    this.options.log.warn({ message: message.sid }, `more than ${REDIRECTS_MAX} redirects`);
    return verbs;
  }

  // URLs in the answer are made absolute by the URL that answered.
  private async heard(message: Message, call: Call): Promise<Heard> {
    const answer = await this.options.tell(message, call);
    if (!answer || answer.status >= 400) return { errorCode: HTTP_RETRIEVAL_FAILURE };
    try {
      return { verbs: verbsOf(answer.contentType, answer.body).map((verb) => absolute(verb, call.url)) };
    } catch (error) {
      this.options.log.warn({ message: message.sid, err: error }, 'the answer of a webhook is no TwiML');
      return { errorCode: DOCUMENT_PARSE_FAILURE };
    }
  }

  private async fallbackOf(message: Message): Promise<Place | undefined> {
    const number = await this.options.numbers.named(message.account, message.recipient);
    const { sms_fallback_url: url = '', sms_fallback_method: method = 'POST' } = number?.settings ?? {};
    return url === '' ? undefined : { url, method };
  }
}

const absolute = (verb: Verb, base: string): Verb => {
  const resolved = (url: string) => (URL.canParse(url, base) ? new URL(url, base).href : url);
  if (verb.verb === 'Redirect') return { ...verb, url: verb.url === '' ? base : resolved(verb.url) };
  return verb.statusCallback === undefined ? verb : { ...verb, statusCallback: resolved(verb.statusCallback) };
};

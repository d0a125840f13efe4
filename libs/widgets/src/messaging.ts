import type { Json, JsonObject } from '@atelier/contracts';
import { z } from 'zod';
import { failureOf, isObject, leave, perform } from './outcomes';
import { renderedJsonText } from './typed-values';
import type { Arrival, MessageRequest, Outcome, WidgetRun } from './widget';

const pair = z.object({ key: z.string(), value: z.string() });

/** What both messaging widgets receive: texts, empty where the definition has none. */
export const RENDERED_MESSAGE = {
  body: z.string().default(''),
  from: z.string().default(''),
  to: z.string().default(''),
  media_url: z.string().default(''),
  service: z.string().optional(),
  channel: z.string().optional(),
  shorten_urls: z.boolean().default(false),
  message_type: z.string().default('custom'),
  content_sid: z.string().default(''),
  content_variables: z.array(pair).default([]),
};
type Message = z.infer<z.ZodObject<typeof RENDERED_MESSAGE>>;

/** Asks for the message to be sent; where there is nothing to send the step fails at once (81011). */
export const sendOr = (run: WidgetRun<Message>, failure: string, more: Partial<MessageRequest> = {}): Outcome => {
  const request = requestOf(run);
  if (request) return perform({ kind: 'message.send', request: { ...request, ...more } });
  run.warn({ code: 81011, message: 'There is nothing to send: body, media and template are empty' });
  return leave(failure);
};

/** The step fails; a message that the API rejected still writes what is known of it. */
export const sendingFailed = (run: WidgetRun<Message>, { payload }: Arrival, event: string): Outcome => {
  const failure = failureOf(payload);
  run.warn({ code: 81011, message: `${failure.code}: ${failure.message}` });
  return leave(event, failure.payload && { outbound: failure.payload });
};

const requestOf = (run: WidgetRun<Message>): MessageRequest | undefined => {
  const { properties, context } = run;
  const isTemplate = properties.message_type === 'content_template';
  const content = isTemplate ? contentOf(properties) : ownOf(properties);
  if (Object.keys(content).length === 0) return undefined;
  return {
    to: properties.to || addressOf(context, 'contact'),
    from: senderOf(properties, context),
    ...content,
    ...(properties.shorten_urls && { shortenUrls: true }),
    ...chatOf(run),
  };
};

// The chat that the message came from, unless it names another. Flows for SMS carry its templates too, where they render empty.
const chatOf = ({ properties, state, context, render }: WidgetRun<Message>): Partial<MessageRequest> => {
  const { service = textAt(context, 'trigger', 'message', 'InstanceSid'), channel = textAt(context, 'trigger', 'message', 'ChannelSid') } = properties;
  if (!service || !channel) return {};
  const attributes = renderedJsonText({ render }, String(state.properties['attributes'] ?? ''));
  return { service, channel, ...(attributes && { attributes }) };
};

const ownOf = ({ body, media_url: mediaUrl }: Message): Partial<MessageRequest> => ({ ...(body && { body }), ...(mediaUrl && { mediaUrl }) });

const contentOf = ({ content_sid: contentSid, content_variables: pairs }: Message): Partial<MessageRequest> =>
  contentSid
    ? { contentSid, ...(pairs.length > 0 && { contentVariables: Object.fromEntries(pairs.map(({ key, value }) => [key.replace(/^\{\{\s*|\s*\}\}$/g, ''), value])) }) }
    : {};

// Link shortening needs a Messaging Service, which is looked for in this order (`spec/widgets.md` 2).
const senderOf = ({ from, shorten_urls: shortens }: Message, context: JsonObject): string => {
  const sender = from || addressOf(context, 'flow');
  if (!shortens) return sender;
  return [sender, addressOf(context, 'flow'), textAt(context, 'trigger', 'message', 'MessagingServiceSid')].find((each) => each.startsWith('MG')) ?? sender;
};

const addressOf = (context: JsonObject, whose: 'contact' | 'flow'): string => textAt(context, whose, 'channel', 'address');

const textAt = (context: JsonObject, ...path: readonly string[]): string => {
  const found = path.reduce<Json | undefined>((value, key) => (isObject(value) ? value[key] : undefined), context);
  return typeof found === 'string' ? found : '';
};

import type { z } from 'zod';
import { bool, choice, pairs, requiredWhen, text } from './properties';

/** What send-message and send-and-wait-for-reply store alike. Templates are allowed except in `message_type` and `shorten_urls`. */
export const MESSAGE_PROPERTIES = {
  body: text.optional(),
  from: text,
  media_url: text.optional(),
  service: text.optional(),
  channel: text.optional(),
  attributes: text.optional(), // JSON with templates in its values
  shorten_urls: bool.optional(),
  message_type: choice('custom', 'content_template').optional(),
  content_sid: text.optional(),
  content_variables: pairs.optional(),
};

/** A message of one's own needs a body, a content template its SID. */
export const requiringContent = <T extends z.ZodType>(schema: T): T =>
  requiredWhen(
    schema,
    { key: 'message_type', values: ['custom'], orAbsent: true, required: ['body'] },
    { key: 'message_type', values: ['content_template'], required: ['content_sid'] },
  );

import { asText } from './java-text';

/** Filters of liquidjs that work on text; maps and lists reach them as Studio's engine would print them. */
export const TEXT_FILTERS = (
  'append prepend downcase upcase lstrip rstrip strip strip_html newline_to_br ' +
  'remove remove_first replace replace_first split truncate url_decode'
).split(' ');

const WORDS = 15; // the default of truncatewords

const capitalize = (value: unknown): string => {
  const text = asText(value);
  return text.charAt(0).toUpperCase() + text.slice(1);
};

const entities = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const escape = (value: unknown): string => entities(asText(value).replaceAll('&', '&amp;'));
const escapeOnce = (value: unknown): string => entities(asText(value).replaceAll(/&(?!([a-zA-Z]+|#\d+);)/g, '&amp;'));

const stripNewlines = (value: unknown): string => asText(value).replaceAll(/[\r\n]+/g, '');

// The JVM's encoder leaves `*` alone and encodes these, which JavaScript leaves alone.
const urlEncode = (value: unknown): string =>
  encodeURIComponent(asText(value))
    .replaceAll('%20', '+')
    .replaceAll(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const truncateWords = (value: unknown, count: unknown = WORDS, mark: unknown = '...'): string => {
  const text = asText(value);
  const words = text.split(/\s+/);
  return Number(count) >= words.length ? text : words.slice(0, Math.max(0, Number(count))).join(' ') + asText(mark);
};

/** Filters over text in which Studio's engine differs from liquidjs. */
export const TEXT = {
  capitalize,
  escape,
  h: escape,
  escape_once: escapeOnce,
  strip_newlines: stripNewlines,
  truncatewords: truncateWords,
  url_encode: urlEncode,
} as const;

/** What is searched for must exist, and so must a replacement that is named. */
export const searching =
  (filter: (...values: unknown[]) => unknown) =>
  (...values: unknown[]): unknown => {
    const isMissing = values.length < 2 || values.slice(1).some((value) => value === null || value === undefined);
    if (isMissing) throw new Error('the text to search for, or its replacement, is missing');
    return filter(...values);
  };

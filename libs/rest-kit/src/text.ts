import { z } from 'zod';

/** Whether a text can be stored and answered: PostgreSQL refuses U+0000 in text, and a lone surrogate has no UTF-8. */
export const isStorable = (text: string): boolean => !text.includes('\u0000') && !/\p{Surrogate}/u.test(text);

/** A text of so many characters. Unspecified by Twilio: U+0000 and lone surrogates are refused with 400/20001, also by `Form` and `Query`. */
export const text = (max: number, min = 0) =>
  z
    .string()
    .min(min, min === 1 ? 'must not be empty' : `must have at least ${min} characters`)
    .max(max, `must have at most ${max} characters`);

/** A repeated parameter, also where it was given once; a single empty one means none. */
export const repeated = <T extends z.ZodType>(each: T) =>
  z.preprocess((value) => (value === undefined || Array.isArray(value) ? value : value === '' ? [] : [value]), z.array(each));

/** `true` and `false` as Twilio's forms write them; real booleans too, for JSON bodies. */
export const formBoolean = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })], { error: 'expected true or false' });

import { z } from 'zod';

/** `after`: the last position that whoever asks has. Anybody who may write to REPUBLISH_TOPIC may ask; a repeat harms nobody. */
export const republishRequest = z.object({ topic: z.string(), log: z.string(), shard: z.int().min(0), after: z.int().min(0) });
export type RepublishRequest = z.infer<typeof republishRequest>;

/** Undefined where the record is no request: it is passed over, for whoever wrote it asks again if it matters. */
export const requestOf = (value: Buffer | null): RepublishRequest | undefined => {
  try {
    return republishRequest.safeParse(JSON.parse(String(value))).data;
  } catch {
    return undefined; // not JSON
  }
};

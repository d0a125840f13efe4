import type { Database } from '@atelier/platform';
import { createHash } from 'node:crypto';

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Texts that events refer to by their SHA-256. Written before the event; one that no event refers to is harmless. */
export class TextStore {
  constructor(private readonly db: Pick<Database, 'query'>) {}

  /** Stores a text and answers its name. */
  async put(text: string): Promise<string> {
    const sha256 = sha256Of(text);
    await this.db.query('insert into flow_text (sha256, body) values ($1, $2) on conflict do nothing', [sha256, text]);
    return sha256;
  }
}

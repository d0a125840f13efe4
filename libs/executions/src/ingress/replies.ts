import { randomBytes } from 'node:crypto';
import type { Database } from '@atelier/platform';
import type { Reply } from './ingress.port';
import type { ReplyTo } from './stored-command';

/**
 * Replies cross threads and processes by NOTIFY on a channel of the door that waits, sent by the owner of the shard after its commit. A reply is
 * never the only holder of a fact: one that is lost (or too long for a notification) leaves the door to its deadline, and what happened is in the store.
 */
const PAYLOAD_MAX = 7_900; // bytes; PostgreSQL takes 8,000

export type SentReply = readonly [id: number, reply: Reply];

export const replyChannel = (schema: string, door: string): string => `${schema}_reply_${door}`;

/** The door's side. */
export class Replies {
  private readonly door = randomBytes(8).toString('hex');
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private listening: Promise<() => Promise<void>> | undefined;
  private last = 0;

  constructor(private readonly db: Database) {}

  /** Where the reply shall go, and the reply, or undefined after the deadline; the deadline runs from the call of `within`. */
  async expect(): Promise<{ readonly to: ReplyTo; readonly within: (ms: number) => Promise<Reply | undefined>; readonly forget: () => void }> {
    this.listening ??= this.db.listen(replyChannel(this.db.schema, this.door), (payload) => this.arrived(payload));
    await this.listening.catch((error: unknown) => {
      this.listening = undefined;
      throw error;
    });
    const id = ++this.last;
    let settle: (reply: Reply) => void = () => undefined;
    const reply = new Promise<Reply>((resolve) => (settle = resolve));
    this.waiting.set(id, settle);
    return { to: { door: this.door, id }, within: (ms) => this.within(id, reply, ms), forget: () => void this.waiting.delete(id) };
  }

  async close(): Promise<void> {
    const stop = await this.listening?.catch(() => undefined); // never began
    await stop?.();
  }

  private async within(id: number, reply: Promise<Reply>, ms: number): Promise<Reply | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
    try {
      return await Promise.race([reply, late]);
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  }

  private arrived(payload: string): void {
    if (payload === '') return; // the listener reconnected
    for (const [id, reply] of JSON.parse(payload) as SentReply[]) this.waiting.get(id)?.(reply); // written by sendReplies
  }
}

/** The owner's side: all replies of one batch, one notification per door as far as they fit. */
export const sendReplies = async (db: Database, replies: readonly { readonly to: ReplyTo; readonly reply: Reply }[]): Promise<void> => {
  const doors = new Map<string, SentReply[]>();
  for (const { to, reply } of replies) doors.set(to.door, [...(doors.get(to.door) ?? []), [to.id, reply]]);
  for (const [door, sent] of doors) for (const payload of payloadsOf(sent)) await db.notify(replyChannel(db.schema, door), payload);
};

const payloadsOf = (replies: readonly SentReply[]): readonly string[] => {
  const payloads: string[] = [];
  let gathered: string[] = [];
  let bytes = 2;
  for (const reply of replies) {
    const text = JSON.stringify(reply);
    const size = Buffer.byteLength(text) + 1;
    if (size + 2 > PAYLOAD_MAX) continue; // the door reads it from the store after its deadline
    if (bytes + size > PAYLOAD_MAX) {
      payloads.push(`[${gathered.join(',')}]`);
      gathered = [];
      bytes = 2;
    }
    gathered.push(text);
    bytes += size;
  }
  return gathered.length > 0 ? [...payloads, `[${gathered.join(',')}]`] : payloads;
};

import type { AccountSid } from '@atelier/contracts';
import type { Queryable } from '@atelier/platform';

/**
 * What goes wrong with the next creates of messages, on request. `refuse`: an error answer, nothing stored. `fail-delivery`: accepted, then
 * undelivered. `answer-late`: stored, answered after a while. `drop-answer`: stored, and the connection breaks before the answer.
 */
export const FAULT_KINDS = ['refuse', 'fail-delivery', 'answer-late', 'drop-answer'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type FaultRequest = {
  readonly kind: FaultKind;
  /** Only messages to this address; null: to any. */
  readonly recipient: string | null;
  /** How many messages it hits. */
  readonly remaining: number;
  readonly httpStatus: number;
  readonly errorCode: number;
  readonly delayMs: number;
};
export type RequestedFault = FaultRequest & { readonly id: string };

type Known = { -readonly [K in keyof RequestedFault]: RequestedFault[K] } & { readonly account: string };

const COLUMNS = `id::text, account, kind, recipient, remaining, http_status as "httpStatus", error_code as "errorCode", delay_ms as "delayMs"`;

/** Kept in the database, and in memory so that a create without faults costs nothing. */
export class Faults {
  private known: Known[] = [];

  constructor(private readonly db: Queryable) {}

  async load(): Promise<void> {
    this.known = await this.db.query<Known>(`select ${COLUMNS} from fault order by id`);
  }

  async add(account: AccountSid, fault: FaultRequest): Promise<RequestedFault> {
    const text = `insert into fault (account, kind, recipient, remaining, http_status, error_code, delay_ms) values ($1, $2, $3, $4, $5, $6, $7) returning id::text`;
    const [row] = await this.db.query<{ id: string }>(text, [account, fault.kind, fault.recipient, fault.remaining, fault.httpStatus, fault.errorCode, fault.delayMs]);
    const known = { ...fault, account, id: row?.id ?? '' };
    this.known.push(known);
    return known;
  }

  of(account: AccountSid): readonly RequestedFault[] {
    return this.known.filter((fault) => fault.account === account);
  }

  async clear(account: AccountSid): Promise<void> {
    await this.db.query('delete from fault where account = $1', [account]);
    this.known = this.known.filter((fault) => fault.account !== account);
  }

  /** The fault that hits a message to this address, used up by one; the oldest first. */
  async take(account: AccountSid, recipient: string): Promise<RequestedFault | undefined> {
    const fault = this.known.find((each) => each.account === account && (each.recipient === null || each.recipient === recipient));
    if (!fault) return undefined;
    fault.remaining--;
    if (fault.remaining > 0) await this.db.query('update fault set remaining = remaining - 1 where id = $1', [fault.id]);
    else {
      this.known = this.known.filter((each) => each !== fault);
      await this.db.query('delete from fault where id = $1', [fault.id]);
    }
    return { ...fault };
  }
}

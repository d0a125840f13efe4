import { type Meta, Rejection, isSid } from '@atelier/contracts';
import { CallerMeta, type PageQuery, Paged, PublicUrl, Query, SidParam, cursorTime, dateFilter, listAnswer, normalSid, parseDate } from '@atelier/rest-kit';
import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import type { AuditFilter, AuditPlace } from '../audit-list';
import { AuditStore } from '../audit-store';
import { presentEvent } from './event-presenter';

const place = z.tuple([cursorTime, z.int(), z.int()]);

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/**
 * An inclusive upper bound, as the last millisecond that it includes: clients name whole seconds, and `event_date` shows them.
 * Unspecified by Twilio: a bound without a time includes its whole day.
 */
const lastMillisecond = z.string().transform((text, context): Date => {
  const date = parseDate(text);
  const unitMs = text.length === 'YYYY-MM-DD'.length ? DAY_MS : SECOND_MS;
  if (date) return new Date(Math.floor(date.getTime() / unitMs) * unitMs + unitMs - 1);
  context.addIssue({ code: 'custom', message: 'expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ' });
  return z.NEVER;
});

// An identifier in its normal spelling; an empty value is none.
const exact = z.string().transform((text) => (text === '' ? undefined : SIDS.some((prefix) => isSid(prefix, text)) ? normalSid(text as `AC${string}`) : text)); // isSid found it to be one
const SIDS = ['AC', 'US', 'SK', 'CR', 'FW'] as const;

const filters = z.object({
  ActorSid: exact.optional(),
  EventType: exact.optional(),
  ResourceSid: exact.optional(),
  SourceIpAddress: exact.optional(),
  StartDate: dateFilter.optional(),
  EndDate: lastMillisecond.optional(),
  DateCreatedFrom: dateFilter.optional(),
  DateCreatedTo: dateFilter.optional(),
});

const COLUMN_OF = { ActorSid: 'actor', EventType: 'event_type', ResourceSid: 'resource', SourceIpAddress: 'source_ip' } as const;

// At most one of the four; dates combine with any of them (`spec/audit-and-keys.md` 1.2).
const filterOf = (query: z.infer<typeof filters>): AuditFilter => {
  const columns = Object.entries(COLUMN_OF).flatMap(([parameter, name]) => {
    const value = query[parameter as keyof typeof COLUMN_OF]; // its own keys
    return value === undefined ? [] : [{ parameter, name, value }];
  });
  if (columns.length > 1) {
    const given = columns.map(({ parameter }) => parameter).join(' and ');
    throw new Rejection('InvalidParameter', { message: `At most one of ${Object.keys(COLUMN_OF).join(', ')} may be given, found ${given}` });
  }
  return { column: columns[0], from: query.StartDate ?? query.DateCreatedFrom, to: query.EndDate, before: query.DateCreatedTo };
};

/** Monitor's events: read-only, those of the credential's account. */
@Controller('v1/Events')
export class EventsController {
  constructor(@Inject(AuditStore) private readonly store: AuditStore) {}

  @Get()
  async list(@Query(filters) query: z.infer<typeof filters>, @Paged(place) page: PageQuery<AuditPlace>, @CallerMeta() meta: Meta): Promise<object> {
    return listAnswer(page, await this.store.list(meta.accountSid, filterOf(query), page), 'events', (row) => presentEvent(row, page.publicUrl));
  }

  @Get(':sid')
  async fetch(@SidParam('sid', 'AE') sid: string, @CallerMeta() meta: Meta, @PublicUrl() publicUrl: string): Promise<object> {
    const row = await this.store.find(meta.accountSid, sid);
    if (!row) throw new Rejection('NotFound');
    return presentEvent(row, publicUrl);
  }
}

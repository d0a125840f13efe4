import { type Meta, Rejection } from '@atelier/contracts';
import { CallerMeta, type PageQuery, Paged, PublicUrl, Query, SidParam, dateFilter, listAnswer } from '@atelier/rest-kit';
import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import { type AuditFilter, type AuditPlace, AuditStore } from '../audit-store';
import { presentEvent } from './event-presenter';

const place = z.tuple([z.iso.datetime(), z.int()]);

const filters = z.object({
  ActorSid: z.string().optional(),
  EventType: z.string().optional(),
  ResourceSid: z.string().optional(),
  SourceIpAddress: z.string().optional(),
  StartDate: dateFilter.optional(),
  EndDate: dateFilter.optional(),
  DateCreatedFrom: dateFilter.optional(),
  DateCreatedTo: dateFilter.optional(),
});

const COLUMN_OF = { ActorSid: 'actor', EventType: 'event_type', ResourceSid: 'resource', SourceIpAddress: 'source_ip' } as const;
type FilterName = keyof typeof COLUMN_OF;
const FILTER_NAMES = Object.keys(COLUMN_OF) as FilterName[]; // its own keys

// Twilio: at most one of the four; dates combine with any of them. `EndDate` is inclusive, `DateCreatedTo` is not.
const filterOf = (query: z.infer<typeof filters>): AuditFilter => {
  const given = FILTER_NAMES.filter((name) => query[name] !== undefined);
  const [name, other] = given;
  if (name && other) throw new Rejection('InvalidParameter', { message: `At most one of ${FILTER_NAMES.join(', ')} may be given, found ${given.join(' and ')}` });
  const value = name && query[name];
  return {
    column: name && value !== undefined ? { name: COLUMN_OF[name], value } : undefined,
    from: query.StartDate ?? query.DateCreatedFrom,
    to: query.EndDate,
    before: query.DateCreatedTo,
  };
};

/** Monitor's events: read-only. */
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

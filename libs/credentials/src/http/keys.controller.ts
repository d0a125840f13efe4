import type { KeySid, Meta } from '@atelier/contracts';
import { Form, type PageQuery, Paged, SidParam, list2010Answer, placeByTime } from '@atelier/rest-kit';
import { Controller, Delete, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import type { z } from 'zod';
import type { Place } from '../credential-tables';
import { CREDENTIALS_CORE, type CredentialsCore } from '../credentials-core';
import { AuthorityGuard, OwnerMeta } from './authority.guard';
import { namedForm } from './credential-forms';
import { presentKey } from './credential-presenter';

const ALL = ['Keys.json', 'SigningKeys.json'];
const ONE = ['Keys/:sid.json', 'SigningKeys/:sid.json'];

/** Keys of v2010, also under their older name. */
@Controller('2010-04-01/Accounts/:account')
@UseGuards(AuthorityGuard)
export class KeysController {
  constructor(@Inject(CREDENTIALS_CORE) private readonly core: CredentialsCore) {}

  @Post(ALL)
  @HttpCode(201)
  async create(@Form(namedForm) { FriendlyName = '' }: z.infer<typeof namedForm>, @OwnerMeta() meta: Meta): Promise<object> {
    const { sid, secret } = await this.core.keys.create(FriendlyName, meta);
    return presentKey(await this.core.tables.key(meta.accountSid, sid), secret);
  }

  @Get(ALL)
  async list(@Paged(placeByTime) query: PageQuery<Place>, @OwnerMeta() meta: Meta): Promise<object> {
    const name = query.path.endsWith('/SigningKeys.json') ? 'signing_keys' : 'keys';
    return list2010Answer(query, await this.core.tables.keys(meta.accountSid, query), name, (row) => presentKey(row));
  }

  @Get(ONE)
  async fetch(@SidParam('sid', 'SK') sid: KeySid, @OwnerMeta() meta: Meta): Promise<object> {
    return presentKey(await this.core.tables.key(meta.accountSid, sid));
  }

  @Post(ONE)
  @HttpCode(200)
  async update(@SidParam('sid', 'SK') sid: KeySid, @Form(namedForm) { FriendlyName }: z.infer<typeof namedForm>, @OwnerMeta() meta: Meta): Promise<object> {
    if (FriendlyName !== undefined) await this.core.keys.rename(sid, FriendlyName, meta);
    return presentKey(await this.core.tables.key(meta.accountSid, sid));
  }

  @Delete(ONE)
  @HttpCode(204)
  remove(@SidParam('sid', 'SK') sid: KeySid, @OwnerMeta() meta: Meta): Promise<void> {
    return this.core.keys.delete(sid, meta);
  }
}

import type { AccountSid, Meta } from '@atelier/contracts';
import { CallerMeta, Form, type PageQuery, Paged, Query, SidParam, list2010Answer, placeByTime } from '@atelier/rest-kit';
import { Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import type { z } from 'zod';
import type { Place } from '../credential-tables';
import { CREDENTIALS_CORE, type CredentialsCore } from '../credentials-core';
import { AuthorityGuard } from './authority.guard';
import { accountFilter, accountForm, namedForm } from './credential-forms';
import { presentAccount } from './credential-presenter';

/** The Accounts resource of v2010: an account sees itself and its subaccounts. */
@Controller('2010-04-01')
@UseGuards(AuthorityGuard)
export class AccountsController {
  constructor(@Inject(CREDENTIALS_CORE) private readonly core: CredentialsCore) {}

  @Post('Accounts.json')
  @HttpCode(201)
  async create(@Form(namedForm) { FriendlyName = 'Subaccount' }: z.infer<typeof namedForm>, @CallerMeta() meta: Meta): Promise<object> {
    const { sid, authToken } = await this.core.accounts.create(FriendlyName, meta);
    return presentAccount(await this.core.tables.account(meta.accountSid, sid), authToken);
  }

  @Get('Accounts.json')
  async list(
    @Query(accountFilter) { FriendlyName: friendlyName, Status: status }: z.infer<typeof accountFilter>,
    @Paged(placeByTime) query: PageQuery<Place>,
    @CallerMeta() meta: Meta,
  ): Promise<object> {
    return list2010Answer(query, await this.core.tables.accounts(meta.accountSid, { friendlyName, status }, query), 'accounts', (row) => presentAccount(row));
  }

  @Get('Accounts/:account.json')
  async fetch(@SidParam('account', 'AC') sid: AccountSid, @CallerMeta() meta: Meta): Promise<object> {
    return presentAccount(await this.core.tables.account(meta.accountSid, sid));
  }

  @Post('Accounts/:account.json')
  @HttpCode(200)
  async update(@SidParam('account', 'AC') sid: AccountSid, @Form(accountForm) form: z.infer<typeof accountForm>, @CallerMeta() meta: Meta): Promise<object> {
    await this.core.accounts.update(meta.accountSid, sid, { friendlyName: form.FriendlyName, status: form.Status }, meta);
    return presentAccount(await this.core.tables.account(meta.accountSid, sid));
  }
}

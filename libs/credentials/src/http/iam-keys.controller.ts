import { type AccountSid, type KeySid, type Meta, Rejection } from '@atelier/contracts';
import { CallerMeta, Form, type PageQuery, Paged, Query, SidParam, listAnswer, placeByTime } from '@atelier/rest-kit';
import { Controller, Delete, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import type { z } from 'zod';
import type { Place } from '../credential-tables';
import { CREDENTIALS_CORE, type CredentialsCore } from '../credentials-core';
import type { DeniedAction } from '../credentials.events';
import { AuthorityGuard } from './authority.guard';
import { iamCreateForm, iamFilter, iamUpdateForm } from './credential-forms';
import { presentIamKey, presentListedIamKey } from './credential-presenter';

/** Keys of IAM v1: the account is the credential's, and named once more where there is no key in the path. */
@Controller('v1/Keys')
@UseGuards(AuthorityGuard)
export class IamKeysController {
  constructor(@Inject(CREDENTIALS_CORE) private readonly core: CredentialsCore) {}

  @Post()
  @HttpCode(201)
  async create(@Form(iamCreateForm) { AccountSid, FriendlyName = '' }: z.infer<typeof iamCreateForm>, @CallerMeta() meta: Meta): Promise<object> {
    await this.assertOwn(AccountSid, 'create', meta);
    const { sid, secret } = await this.core.keys.create(FriendlyName, meta);
    return presentIamKey(await this.core.tables.key(meta.accountSid, sid), secret);
  }

  @Get()
  async list(
    @Query(iamFilter) { AccountSid }: z.infer<typeof iamFilter>,
    @Paged(placeByTime) query: PageQuery<Place>,
    @CallerMeta() meta: Meta,
  ): Promise<object> {
    await this.assertOwn(AccountSid, 'read', meta);
    return listAnswer(query, await this.core.tables.keys(meta.accountSid, query), 'keys', presentListedIamKey);
  }

  @Get(':sid')
  async fetch(@SidParam('sid', 'SK') sid: KeySid, @CallerMeta() meta: Meta): Promise<object> {
    return presentIamKey(await this.core.tables.key(meta.accountSid, sid));
  }

  @Post(':sid')
  @HttpCode(200)
  async update(
    @SidParam('sid', 'SK') sid: KeySid,
    @Form(iamUpdateForm) { FriendlyName }: z.infer<typeof iamUpdateForm>,
    @CallerMeta() meta: Meta,
  ): Promise<object> {
    if (FriendlyName !== undefined) await this.core.keys.rename(sid, FriendlyName, meta);
    return presentIamKey(await this.core.tables.key(meta.accountSid, sid));
  }

  @Delete(':sid')
  @HttpCode(204)
  remove(@SidParam('sid', 'SK') sid: KeySid, @CallerMeta() meta: Meta): Promise<void> {
    return this.core.keys.delete(sid, meta);
  }

  // Unspecified by Twilio: an AccountSid that is not the credential's is answered like a credential of the wrong account, 401/20003.
  private async assertOwn(accountSid: AccountSid, action: DeniedAction, meta: Meta): Promise<void> {
    if (accountSid === meta.accountSid) return;
    await this.core.witness.denied({ resource: 'account-api-keys', action, subject: accountSid }, meta);
    throw new Rejection('AuthenticationFailed');
  }
}

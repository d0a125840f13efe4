import { TopicsModule } from '@atelier/bus';
import { CREDENTIAL_CHECK, HealthRegistry, INTERNAL_TOKEN } from '@atelier/rest-kit';
import { SIGNING_TOKEN, STUDIO_KEY } from '@atelier/twilio-client';
import { type DynamicModule, Inject, Module } from '@nestjs/common';
import { CREDENTIALS_CORE, type CredentialsCore } from './credentials-core';
import { AccountsController } from './http/accounts.controller';
import { IamKeysController } from './http/iam-keys.controller';
import { InternalController } from './http/internal.controller';
import { KeysController } from './http/keys.controller';

/** The REST side of credentials. Provides the ports of the others: CREDENTIAL_CHECK, STUDIO_KEY, SIGNING_TOKEN. */
@Module({})
export class CredentialsModule {
  constructor(@Inject(HealthRegistry) health: HealthRegistry, @Inject(CREDENTIALS_CORE) core: CredentialsCore) {
    health.addCheck('credentials', () => core.store.end());
  }

  /** Without an internal token, `/internal/v1` is not served. */
  static with({ core, internalToken }: { readonly core: CredentialsCore; readonly internalToken?: string | undefined }): DynamicModule {
    const ports = [
      { provide: CREDENTIALS_CORE, useValue: core },
      { provide: CREDENTIAL_CHECK, useValue: core.check },
      { provide: STUDIO_KEY, useValue: core.studioKey },
      { provide: SIGNING_TOKEN, useValue: core.signingToken },
    ];
    return {
      module: CredentialsModule,
      imports: [TopicsModule.with([core.topic])],
      controllers: [AccountsController, KeysController, IamKeysController, ...(internalToken === undefined ? [] : [InternalController])],
      providers: [...ports, ...(internalToken === undefined ? [] : [{ provide: INTERNAL_TOKEN, useValue: internalToken }])],
      exports: ports.map(({ provide }) => provide),
    };
  }
}

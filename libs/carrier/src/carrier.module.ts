import { type BeforeApplicationShutdown, type DynamicModule, Inject, Module } from '@nestjs/common';
import { CARRIER, Carrier } from './carrier';
import { FaultsController } from './http/faults.controller';
import { MessagesController } from './http/messages.controller';
import { NumbersController } from './http/numbers.controller';
import { PhonesController } from './http/phones.controller';

/** The REST side of the carrier. `carrier.start()` is the composition's, once the application listens; stopping is done here, while it still does. */
@Module({})
export class CarrierModule implements BeforeApplicationShutdown {
  constructor(@Inject(CARRIER) private readonly carrier: Carrier) {}

  static with({ carrier }: { readonly carrier: Carrier }): DynamicModule {
    return {
      module: CarrierModule,
      controllers: [MessagesController, NumbersController, PhonesController, FaultsController],
      providers: [{ provide: CARRIER, useValue: carrier }],
      exports: [CARRIER],
    };
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.carrier.stop();
  }
}

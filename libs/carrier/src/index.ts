export { type CarrierOptions, CARRIER, Carrier } from './carrier';
export { CarrierModule } from './carrier.module';
export { CARRIER_DATABASE } from './migrations';

import type { FlowDirectory } from '@atelier/contracts';
import type { TopicSource } from '@atelier/bus';
import { type Clock, type Database, oneOf, wholeNumber } from '@atelier/platform';
import type { SigningToken } from '@atelier/twilio-client';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { FlowDeletions } from '../flows/flow-deletions.consumer';
import type { Ingress } from '../ingress/ingress.port';
import type { ParkedInputs } from '../operations/parked-inputs';
import type { TriggerResults } from '../publish/trigger-results';
import type { ExecutionReader } from '../store/execution-reader.port';

/** Settings of the door of executions; the limits are Twilio's. */
export const executionsHttpConfig = z.object({
  ATELIER_WEBHOOK_SIGNATURE_CHECK: oneOf(['on', 'off'], 'Whether webhooks must carry a valid X-Twilio-Signature. Off is for laboratories.'),
  ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: wholeNumber(20, 'New REST executions of an account; beyond: 429. 0: no limit.'),
  ATELIER_CONTACT_BYTES_MAX: wholeNumber(300, 'To and From of an execution together; beyond: 400/81023.', 1),
  ATELIER_INBOUND_EXECUTIONS_PER_SECOND_MAX: wholeNumber(100, 'New inbound executions of an account; beyond: 429. 0: no limit.'),
});

export type ExecutionsHttpSettings = {
  readonly signatureCheck: 'on' | 'off';
  readonly restPerSecondMax: number;
  readonly inboundPerSecondMax: number;
  readonly contactBytesMax: number;
};

/** Settings → options. */
export const executionsHttpSettingsOf = (config: z.infer<typeof executionsHttpConfig>): ExecutionsHttpSettings => ({
  signatureCheck: config.ATELIER_WEBHOOK_SIGNATURE_CHECK,
  restPerSecondMax: config.ATELIER_REST_EXECUTIONS_PER_SECOND_MAX,
  inboundPerSecondMax: config.ATELIER_INBOUND_EXECUTIONS_PER_SECOND_MAX,
  contactBytesMax: config.ATELIER_CONTACT_BYTES_MAX,
});

/** What the HTTP side of executions stands on. */
export type ExecutionsHttp = {
  readonly ingress: Ingress;
  readonly reader: ExecutionReader;
  readonly flows: FlowDirectory;
  readonly signing: SigningToken;
  /** The topics of this context, for `GET /atelier/v1/Topics/{topic}/Records`. */
  readonly topics: readonly TopicSource[];
  readonly settings: ExecutionsHttpSettings;
  readonly clock: Clock;
  /** What operators look at, and the tables that it stands in. */
  readonly db: Database;
  readonly parked: ParkedInputs;
  readonly results: TriggerResults;
  readonly deletions: FlowDeletions;
  readonly metrics: Registry;
};

/** Token of the ExecutionsHttp in Nest. */
export const EXECUTIONS_HTTP = Symbol('ExecutionsHttp');

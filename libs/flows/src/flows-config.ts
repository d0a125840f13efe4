import { EVENT_STORE_MIGRATIONS } from '@atelier/event-store';
import { DEFINITION_LIMITS } from '@atelier/flow-definition';
import { wholeNumber } from '@atelier/platform';
import { z } from 'zod';
import type { FlowsOptions } from './flows-core';
import { Flows1795000000100 } from './migrations';

const DEFINITION_BYTES_MAX = 1_048_576; // Unspecified by Twilio: 1 MiB

/** What flows may be told; the defaults are Studio's limits. */
export const flowsConfig = z.object({
  ATELIER_DEFINITION_BYTES_MAX: wholeNumber(DEFINITION_BYTES_MAX, 'Largest definition.', 1),
  ATELIER_FLOW_WIDGETS_MAX: wholeNumber(DEFINITION_LIMITS.widgetsMax, 'Widgets of a flow, those of its subflows included.', 1),
  ATELIER_FLOW_SUBFLOW_WIDGETS_MAX: wholeNumber(DEFINITION_LIMITS.subflowWidgetsMax, 'Run Subflow widgets of a flow.', 1),
  ATELIER_FLOW_SUBFLOWS_MAX: wholeNumber(DEFINITION_LIMITS.distinctSubflowsMax, 'Distinct subflows of a flow.', 1),
});

/** Settings → options. */
export const flowsOptionsOf = (config: z.infer<typeof flowsConfig>): FlowsOptions => ({
  definitions: {
    definitionBytesMax: config.ATELIER_DEFINITION_BYTES_MAX,
    widgetsMax: config.ATELIER_FLOW_WIDGETS_MAX,
    subflowWidgetsMax: config.ATELIER_FLOW_SUBFLOW_WIDGETS_MAX,
    distinctSubflowsMax: config.ATELIER_FLOW_SUBFLOWS_MAX,
  },
});

/** The context's tables: its log, and what is read from it. */
export const FLOWS_MIGRATIONS = [...EVENT_STORE_MIGRATIONS, Flows1795000000100];

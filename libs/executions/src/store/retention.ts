import { wholeNumber } from '@atelier/platform';
import { z } from 'zod';

/** Twilio's: executions and steps can be read for 30 days after the start (`spec/studio.md` 6). */
export const RETENTION_DAYS = 30;

/** For doors and workers alike. */
export const executionRetentionConfig = z.object({
  ATELIER_EXECUTION_RETENTION_DAYS: wholeNumber(RETENTION_DAYS, 'Days after its start in which an execution can be read; never fewer than it may live.', 1),
});

/** Days for which executions are kept: what still runs is never dropped. */
export const retentionDaysOf = ({ ATELIER_EXECUTION_RETENTION_DAYS: days, ATELIER_EXECUTION_LIFETIME_DAYS: lifetime }: z.infer<typeof executionRetentionConfig> & { readonly ATELIER_EXECUTION_LIFETIME_DAYS: number }): number =>
  Math.max(days, lifetime);

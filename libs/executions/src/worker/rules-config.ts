import { DEFAULT_ENGINE_LIMITS, type Engine, createEngine } from '@atelier/engine';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from '@atelier/liquid';
import { createRegexMatcher, systemClock, wholeNumber } from '@atelier/platform';
import { z } from 'zod';

const DAY_MS = 86_400_000;
const STEPS_MAX = 65_535; // a step's SID has four hexadecimal digits for its number
const DAYS_MAX = 30; // rows of an execution are dropped 31 days after its start

const isTimezone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false; // a RangeError: there is no such zone
  }
};

/** What executions may cost, as settings: the limits of `spec/studio.md` 6 and `spec/liquid.md` 7. */
export const executionRulesConfig = z.object({
  ATELIER_LIQUID_TIMEZONE: z.string().refine(isTimezone, 'expected an IANA time zone such as Europe/Berlin').default(DEFAULT_LIQUID_OPTIONS.timezone).describe('In which templates print dates.'),
  ATELIER_LIQUID_ITERATIONS_MAX: wholeNumber(DEFAULT_LIQUID_OPTIONS.iterationsMax, 'Iterations over all loops of a template.', 1),
  ATELIER_LIQUID_CHARACTERS_MAX: wholeNumber(DEFAULT_LIQUID_OPTIONS.charactersMax, 'Characters that a template may print.', 1),
  ATELIER_LIQUID_RENDER_MS: wholeNumber(DEFAULT_LIQUID_OPTIONS.renderMs, 'Time that a template may take.', 1),
  ATELIER_EXECUTION_STEPS_MAX: wholeNumber(DEFAULT_ENGINE_LIMITS.stepsMax, 'Steps of an execution, those of subflows included; beyond it ends.', 1).pipe(z.number().max(STEPS_MAX)),
  ATELIER_EXECUTION_RUNS_IN_A_ROW_MAX: wholeNumber(DEFAULT_ENGINE_LIMITS.runsInARowMax, 'Runs of one widget in a row; beyond the execution ends.', 1),
  ATELIER_EXECUTION_LIFETIME_DAYS: wholeNumber(DEFAULT_ENGINE_LIMITS.lifetimeMs / DAY_MS, 'After which an execution ends.', 1).pipe(z.number().max(DAYS_MAX)),
  ATELIER_REPLY_TIMEOUT_SECONDS: wholeNumber(DEFAULT_ENGINE_LIMITS.replyTimeoutSeconds, 'How long send-and-wait-for-reply waits where its own timeout cannot be read.', 1),
  ATELIER_REDIRECT_TIMEOUT_SECONDS_MAX: wholeNumber(DEFAULT_ENGINE_LIMITS.redirectTimeoutSecondsMax, 'The longest timeout of add-twiml-redirect, and its default.', 1),
  ATELIER_EXECUTION_WIDGETS_MAX: wholeNumber(DEFAULT_ENGINE_LIMITS.widgetsMax, 'Widgets of a flow together with its subflows.', 1),
  ATELIER_EXECUTION_CONTEXT_CHARACTERS_MAX: wholeNumber(DEFAULT_ENGINE_LIMITS.contextCharactersMax, 'JSON of all that an execution knows.', 1_000),
  ATELIER_EXECUTION_VALUE_CHARACTERS_MAX: wholeNumber(DEFAULT_ENGINE_LIMITS.valueCharactersMax, 'JSON of one value that a widget writes.', 100),
});

/** The engine with the limits of the settings. */
export const executionRules = (config: z.infer<typeof executionRulesConfig>): Engine =>
  createEngine({
    liquid: createLiquid({
      timezone: config.ATELIER_LIQUID_TIMEZONE,
      iterationsMax: config.ATELIER_LIQUID_ITERATIONS_MAX,
      charactersMax: config.ATELIER_LIQUID_CHARACTERS_MAX,
      renderMs: config.ATELIER_LIQUID_RENDER_MS,
    }),
    regex: createRegexMatcher(),
    monotonicMs: () => systemClock.monotonicMs(),
    limits: {
      stepsMax: config.ATELIER_EXECUTION_STEPS_MAX,
      runsInARowMax: config.ATELIER_EXECUTION_RUNS_IN_A_ROW_MAX,
      lifetimeMs: config.ATELIER_EXECUTION_LIFETIME_DAYS * DAY_MS,
      replyTimeoutSeconds: config.ATELIER_REPLY_TIMEOUT_SECONDS,
      redirectTimeoutSecondsMax: config.ATELIER_REDIRECT_TIMEOUT_SECONDS_MAX,
      widgetsMax: config.ATELIER_EXECUTION_WIDGETS_MAX,
      contextCharactersMax: config.ATELIER_EXECUTION_CONTEXT_CHARACTERS_MAX,
      valueCharactersMax: config.ATELIER_EXECUTION_VALUE_CHARACTERS_MAX,
    },
  });

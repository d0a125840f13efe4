import { type Widget, WIDGETS } from '@atelier/widgets';
import { z } from 'zod';

/** The only value that `$schema` may have. */
export const DEFINITION_SCHEMA_ID = 'https://schemas.twilio.com/studio/draft/2019-09/flow-definition';

/** What a split may compare by (`spec/studio.md` 3). */
export const CONDITION_TYPES = [
  'equal_to',
  'not_equal_to',
  'matches_any_of',
  'does_not_match_any_of',
  'is_blank',
  'is_not_blank',
  'regex',
  'contains',
  'does_not_contain',
  'starts_with',
  'does_not_start_with',
  'less_than',
  'greater_than',
  'is_before_time',
  'is_after_time',
  'is_before_date',
  'is_after_date',
] as const;

/** Names begin with a letter and hold no spaces and no periods; hyphens occur in real flows. */
const stateName = z.string().regex(/^[A-Za-z][^\s.]*$/);
const condition = z.looseObject({ friendly_name: z.string(), arguments: z.array(z.string()), type: z.enum(CONDITION_TYPES), value: z.string() });

/** One message per allowed event, as the JVM validator words it. */
const eventOf = (events: readonly string[]) => z.union(events.map((event) => z.literal(event)));

const transitionOf = ({ type, transitions }: Widget) => {
  const base = { event: eventOf(transitions), next: z.string().nullable().optional() };
  return z.looseObject(type === 'split-based-on' ? { ...base, conditions: z.array(condition).optional() } : base);
};

const stateOf = (widget: Widget) =>
  z
    .looseObject({ name: stateName, type: z.literal(widget.type), transitions: z.array(transitionOf(widget)), properties: widget.stored })
    .meta({ title: widget.title });

// The catalogue's entries differ in what they receive when they run, which a schema of stored values does not touch.
const widgets = WIDGETS as readonly unknown[] as readonly Widget[];
const states = widgets.map((widget) => [widget.type, stateOf(widget)] as const);

/** The schema of a state, by its type. */
export const STATE_SCHEMAS: ReadonlyMap<string, z.ZodType> = new Map(states);

/** What every state has, whatever its type: says what else is wrong with a state of an unknown type. */
export const anyState = z.looseObject({
  name: stateName,
  type: z.string(),
  transitions: z.array(z.looseObject({ event: z.string(), next: z.string().nullable().optional() })),
  properties: z.looseObject({}),
});

type State = ReturnType<typeof stateOf>;
/** A state of a known type. */
export const anyKnownState = z.discriminatedUnion('type', states.map(([, schema]) => schema) as [State, ...State[]]); // the catalogue is not empty

/** A whole definition, as published. Rules across states are in `rules.ts`. */
export const definitionSchema = z.looseObject({
  $schema: z.literal(DEFINITION_SCHEMA_ID).optional(),
  description: z.string().optional(),
  states: z.array(anyKnownState).min(1),
  initial_state: z.string().min(1),
  flags: z.looseObject({ allow_concurrent_calls: z.boolean() }).optional(),
});

/** A definition without a look into its states: they are judged one by one, because zod puts all issues of a value on the call stack at once. */
export const definitionHead = definitionSchema.extend({ states: z.array(z.unknown()).min(1) });

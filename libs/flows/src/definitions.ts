import { type AccountSid, Rejection } from '@atelier/contracts';
import { type ImportOptions, type Problem, type ValidateOptions, importDefinition, parseDefinition, validateDefinition } from '@atelier/flow-definition';
import { type FlowTables, type SubflowReference, referenceKey } from './flow-tables';

/** A definition's text with what validation says of it. */
export type JudgedDefinition = { readonly text: string; readonly errors: readonly Problem[]; readonly warnings: readonly Problem[]; readonly widgets: number };

/** Limits of definitions, as settings name them. */
export type DefinitionSettings = ValidateOptions & { readonly definitionBytesMax?: number };

const TOO_MANY_WIDGETS = '81025';

/** Judges definitions, with what is known of the subflows that they name. */
export class Definitions {
  constructor(
    private readonly tables: Pick<FlowTables, 'widgets'>,
    private readonly settings: DefinitionSettings = {},
  ) {}

  /** Text as REST takes it. Not JSON: 400/20001. */
  async judged(account: AccountSid, posted: string): Promise<JudgedDefinition> {
    const { text, value } = parseDefinition(posted, this.settings);
    return { text, widgets: widgetsIn(value), ...validateDefinition(value, { ...this.settings, ...(await this.known(account, value)) }) };
  }

  /** Text as people have it: what is certain is converted. Too broken to keep: 400/81022. */
  async imported(account: AccountSid, posted: string, options: Pick<ImportOptions, 'coerce' | 'danglingNext'>): Promise<JudgedDefinition> {
    const known = await this.known(account, parseDefinition(posted, this.settings).value);
    const { definition, errors, warnings, refused } = importDefinition(posted, { ...this.settings, ...known, ...options });
    if (refused) throw invalidDefinition(errors, warnings);
    return { text: definition, errors, warnings, widgets: widgetsIn(JSON.parse(definition)) };
  }

  private async known(account: AccountSid, value: unknown): Promise<Pick<ValidateOptions, 'widgetsOf'>> {
    const widgets = await this.tables.widgets(account, subflowsIn(value));
    return { widgetsOf: (sid, revision) => widgets.get(referenceKey(sid, revision)) };
  }
}

/** Throws what forbids this status: errors always forbid publishing; too many widgets with those of the subflows, too. */
export const assertPublishable = ({ errors, warnings }: JudgedDefinition): void => {
  const tooMany = warnings.filter(({ code }) => code === TOO_MANY_WIDGETS);
  if (errors.length + tooMany.length > 0)
    throw invalidDefinition(
      [...errors, ...tooMany],
      warnings.filter((warning) => !tooMany.includes(warning)),
    );
};

/** 400/81022 with everything that was found. */
export const invalidDefinition = (errors: readonly Problem[], warnings: readonly Problem[]): Rejection =>
  new Rejection('InvalidDefinition', { details: { errors, warnings } });

// Definitions may be wrong in every way; what cannot be read names nothing.
const statesOf = (value: unknown): readonly unknown[] => {
  const states: unknown = typeof value === 'object' && value !== null && 'states' in value ? value.states : undefined;
  return Array.isArray(states) ? states : [];
};

const widgetsIn = (value: unknown): number => statesOf(value).length;

const subflowsIn = (value: unknown): SubflowReference[] => {
  const references = statesOf(value).flatMap((state) => {
    const properties: unknown = typeof state === 'object' && state !== null && 'properties' in state ? state.properties : undefined;
    if (typeof properties !== 'object' || properties === null || !('flow_sid' in properties)) return [];
    const { flow_sid: sid, flow_revision: revision } = properties as { flow_sid: unknown; flow_revision?: unknown }; // checked one by one below
    return typeof sid === 'string' && typeof revision === 'string' && SUBFLOW.test(sid) && REVISION.test(revision) ? [{ sid, revision }] : [];
  });
  return [...new Map(references.map((reference) => [referenceKey(reference.sid, reference.revision), reference])).values()];
};

const SUBFLOW = /^FW[0-9a-fA-F]{32}$/;
const REVISION = /^(Latest(Published|Draft|Revision)|[1-9][0-9]{0,8})$/;

import { Defect, type AccountSid, type FlowDirectory, type FlowSid } from '@atelier/contracts';
import { LRUCache } from 'lru-cache';
import type { Program } from './rules';

/** A revision of a flow. */
export type ProgramRef = { readonly flow: FlowSid; readonly revision: number };

/**
 * Compiled revisions. They never change, so what was compiled once is right for ever; only the number kept is bounded.
 */
export class Programs {
  private readonly compiled: LRUCache<string, { readonly program?: Program; readonly problem?: string }>;

  constructor(
    private readonly directory: FlowDirectory,
    private readonly compile: (definition: string) => Program,
    max: number,
  ) {
    this.compiled = new LRUCache({ max });
  }

  /** Throws Defect for a revision that does not exist or does not compile: the input that needs it is parked. `load` it first. */
  readonly get = (ref: ProgramRef): Program => {
    const known = this.compiled.get(nameOf(ref));
    if (known?.program) return known.program;
    throw new Defect(`revision ${ref.revision} of ${ref.flow}: ${known?.problem ?? 'not loaded'}`);
  };

  has(ref: ProgramRef): boolean {
    return this.compiled.has(nameOf(ref));
  }

  /** Throws what the directory throws: the world failed, try again. */
  async load(account: AccountSid, ref: ProgramRef): Promise<void> {
    const definition = await this.directory.definition(account, ref.flow, ref.revision);
    this.compiled.set(nameOf(ref), definition === undefined ? { problem: 'there is no such revision' } : this.outcome(definition));
  }

  private outcome(definition: string): { readonly program?: Program; readonly problem?: string } {
    try {
      return { program: this.compile(definition) };
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

const nameOf = ({ flow, revision }: ProgramRef): string => `${flow}/${revision}`;

import { Defect, type FlowSid } from '@atelier/contracts';
import { type FlowState, definitionOf } from '@atelier/flow-definition';
import type { Liquid, Template } from '@atelier/liquid';
import { type Widget, templatedOf, widgetOf } from '@atelier/widgets';

/** A revision of a flow. */
export type ProgramRef = { readonly flow: FlowSid; readonly revision: number };

/** A state with the widget that runs it. */
export type ProgramState = FlowState & {
  readonly widget: Widget;
  /** Properties that hold templates: rendered when the widget is entered. */
  readonly templated: readonly string[];
};

/** A revision, compiled: its states by name, its templates parsed at their first use. Never changes but for what it remembers. */
export class Program {
  readonly initial: string;
  readonly size: number;
  private readonly states: ReadonlyMap<string, ProgramState>;
  private readonly templates = new Map<string, Template>();
  private readonly slow = new Map<string, number>();

  /** Throws Defect where the text is no valid definition: it was checked before it was stored. */
  constructor(
    definition: string,
    private readonly liquid: Liquid,
  ) {
    const { states, initial_state: initial } = definitionOf(definition);
    this.initial = initial;
    this.size = states.length;
    this.states = new Map(states.map((state) => [state.name, compiled(state)]));
  }

  /** Throws Defect for a name that no state has. */
  state(name: string): ProgramState {
    const state = this.states.get(name);
    if (!state) throw new Defect(`there is no state ${name}`);
    return state;
  }

  template(source: string): Template {
    const known = this.templates.get(source);
    if (known) return known;
    const template = this.liquid.parse(source);
    this.templates.set(source, template); // sources are texts of the definition, so there is an end to them
    return template;
  }

  /** How many widgets run a subflow. */
  instancesOf(flow: string): number {
    return [...this.states.values()].filter(({ type, properties }) => type === 'run-subflow' && properties['flow_sid'] === flow).length;
  }

  /** Whether a pattern ran out of time so often that it is off. */
  isOff(pattern: string): boolean {
    return (this.slow.get(pattern) ?? 0) >= SLOW_MAX;
  }

  wasSlow(pattern: string): void {
    this.slow.set(pattern, (this.slow.get(pattern) ?? 0) + 1);
  }
}

const SLOW_MAX = 2;

const compiled = (state: FlowState): ProgramState => {
  const widget = widgetOf(state.type);
  if (!widget) throw new Defect(`there is no widget of type ${state.type}`);
  return { ...state, widget, templated: templatedOf(widget, state.properties) };
};

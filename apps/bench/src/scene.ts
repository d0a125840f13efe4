/** What runs that disturb the product on purpose share: flows, load through every door, the undisturbed runs to compare with, and the check at the end. */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RunningAtelier, eventually } from '@atelier/testing';
import { clientOf, publishFlow } from './client';
import { type Fault, allEnded, executionsOf, faultsOf, summaryOf } from './crash-check';
import { lookUpFlow } from './crash-flows';
import { KINDS, type Kind, type Produce, type Run, type Target, newRun, trigger } from './crash-load';
import { askAndWaitFlow, tenStepFlow } from './flows';

/** Limits per account are off; the look-up server is on loopback. */
export const SCENE_SETTINGS = {
  ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0',
  ATELIER_INBOUND_EXECUTIONS_PER_SECOND_MAX: '0',
  ATELIER_OUTBOUND_PRIVATE_NETWORKS: 'allowed',
};
const LANES = 12; // contacts at once, where nothing else is said
const REST_DEADLINE_MS = 60_000;
const REST_MS_PER_RUN = 5; // what hundreds of killed processes left is looked into one by one
const UNDISTURBED = 3; // runs of each kind
const REFUSED_PAUSE_MS = 1_500; // a client that was refused does not come again at once

/** Left out: the doors that every product has. `contactsFrom`: beyond the contacts of a scene that the same product had before. */
export type SceneOptions = { readonly kinds?: readonly Kind[]; readonly produce?: Produce; readonly lanes?: number; readonly contactsFrom?: number };

/** A run of load, its flows, and what its contexts must look like. */
export class Scene {
  readonly runs: Run[] = [];
  private readonly expected = new Map<Kind, string>();
  private acknowledgedMs = performance.now();
  /** The longest under load in which nothing was acknowledged. */
  silentMsMax = 0;

  private constructor(
    private readonly flows: Target['flows'],
    private readonly colors: Server,
    private readonly random: () => number,
    private readonly kinds: readonly Kind[],
    private readonly produce: Produce | undefined,
    private readonly lanes: number,
    private readonly contactsFrom: number,
  ) {}

  /** Publishes the flows and runs each undisturbed: these say how every context must end. */
  static async open(atelier: RunningAtelier, random: () => number, { kinds = KINDS, produce, lanes = LANES, contactsFrom = 0 }: SceneOptions = {}): Promise<Scene> {
    const colors = await lookUpServer();
    try {
      const scene = new Scene(await publishAll(atelier, `http://127.0.0.1:${(colors.address() as AddressInfo).port}/color`), colors, random, kinds, produce, lanes, contactsFrom); // of a listening TCP server
      await scene.undisturbed(scene.target(atelier));
      return scene;
    } catch (error) {
      colors.close(); // else it would keep the process alive
      throw error;
    }
  }

  target(atelier: RunningAtelier): Target {
    return { atelier, client: clientOf(atelier, this.lanes), flows: this.flows, produce: this.produce };
  }

  get unacknowledged(): number {
    return this.runs.filter(({ acknowledged }) => !acknowledged).length;
  }

  /** What makes the runs of a kind recognisable. */
  inputsOf(kind: Kind): ReadonlySet<string> {
    return new Set(this.runs.filter((run) => run.kind === kind).map(({ input }) => input));
  }

  /** Runs of all kinds, one after the other in each lane, until `isOver`. What fails while nothing is disturbed is a failure of the product. */
  async load(target: Target, isOver: () => boolean, isDisturbed: () => boolean = isOver): Promise<void> {
    this.acknowledgedMs = performance.now();
    const lane = async (): Promise<void> => {
      while (!isOver()) {
        const run = newRun(this.kinds[Math.floor(this.random() * this.kinds.length)] as Kind, this.contactsFrom + this.runs.length);
        this.runs.push(run);
        await trigger(target, run).then(
          () => this.acknowledged(),
          async (error: unknown) => {
            if (!isDisturbed()) throw error;
            if (!isOver()) await new Promise((resolve) => setTimeout(resolve, REFUSED_PAUSE_MS));
          },
        );
      }
    };
    await Promise.all(Array.from({ length: this.lanes }, lane));
  }

  /** Repeats what was not acknowledged, waits until everything has ended, and says what is wrong. */
  async settled(target: Target): Promise<readonly Fault[]> {
    for (const kind of this.kinds) await repeated(target, kind, this.runs.filter((run) => run.kind === kind && !run.acknowledged));
    await this.rest(target, REST_DEADLINE_MS + this.runs.length * REST_MS_PER_RUN).catch(() => undefined); // the check below names those that did not
    return faultsOf(target, this.runs, this.expected);
  }

  close(): void {
    this.colors.close();
  }

  private acknowledged(): void {
    const now = performance.now();
    this.silentMsMax = Math.max(this.silentMsMax, now - this.acknowledgedMs);
    this.acknowledgedMs = now;
  }

  /** A record on the topic is acknowledged by the broker, before anybody has taken it. */
  private async rest(target: Target, deadlineMs: number): Promise<void> {
    const records = this.inputsOf('record').size;
    if (records > 0) await eventually('every record is taken', async () => (await executionsOf(target.client, target.flows.record)).size >= records, deadlineMs);
    await eventually('every execution ends', () => allEnded(target), deadlineMs);
  }

  private async undisturbed(target: Target): Promise<void> {
    this.runs.push(...this.kinds.flatMap((kind) => Array.from({ length: UNDISTURBED }, () => kind)).map((kind, n) => newRun(kind, this.contactsFrom + n)));
    for (const run of this.runs) await trigger(target, run);
    await this.rest(target, REST_DEADLINE_MS);
    const faults = await faultsOf(target, this.runs, this.expected);
    if (faults.length > 0) throw new Error(`the undisturbed runs already differ:\n${summaryOf(faults).join('\n')}`);
  }
}

const publishAll = async (atelier: RunningAtelier, url: string): Promise<Target['flows']> => {
  const client = clientOf(atelier);
  return {
    'ten-step': await publishFlow(client, 'ten steps', tenStepFlow()),
    topic: await publishFlow(client, 'ten steps by topic', tenStepFlow()),
    'look-up': await publishFlow(client, 'look up', lookUpFlow(url)),
    ask: await publishFlow(client, 'ask', askAndWaitFlow()),
    record: await publishFlow(client, 'ten steps by a record', tenStepFlow()),
  };
};

/** A create over REST has no key that would make it recognisable, so a client that got no answer looks before it asks again. */
const repeated = async (target: Target, kind: Kind, lost: readonly Run[]): Promise<void> => {
  const known = kind === 'ten-step' || kind === 'look-up' ? await executionsOf(target.client, target.flows[kind]) : new Map<string, unknown>();
  for (const run of lost) if (!known.has(run.contact)) await trigger(target, run);
};

const lookUpServer = async (): Promise<Server> => {
  const server = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end('{"color":"blue"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

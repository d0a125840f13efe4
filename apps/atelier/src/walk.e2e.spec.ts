import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Move, type Plan, type Position, type RunningAtelier, type WalkedFlow, eventually, newDataDir, removeAtelier, startAtelier, walk, walkedFlow } from '@atelier/testing';
import twilio from 'twilio';
import { clientOf, phoneOf, rest } from './sample-client';
import { SampleWeb, type WebAnswer } from './sample-web';

const dataDir = newDataDir('walk');
const SETTINGS = { ATELIER_OUTBOUND_PRIVATE_NETWORKS: 'allowed', ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0', ATELIER_INBOUND_EXECUTIONS_PER_SECOND_MAX: '0' };
const EXAMPLE_HOST = 'http://127.0.0.1:8090';
const SLOW_MS = 30_000; // other suites share the machine
const SHORT_SECONDS = '5'; // of a wait whose end the walk waits for; faults are ordered meanwhile
const NOWHERE = 'FW00000000000000000000000000000000';

let product: RunningAtelier;
let client: twilio.Twilio;
const web = new SampleWeb(() => product.authToken);
let contacts = 0;

beforeAll(async () => {
  product = await startAtelier({ dataDir, settings: SETTINGS });
  client = clientOf(product);
  await web.start();
}, 90_000);
afterAll(async () => {
  web.close();
  await product?.end('SIGKILL');
  await removeAtelier(dataDir);
}, 30_000);

const published = async (definition: string) => client.studio.v2.flows.create({ friendlyName: 'walked', status: 'published', definition: JSON.parse(definition) as object });

/** An example as it stands in the product: reached by a number, over REST, and through a parent. */
type Staged = { readonly flow: string; readonly parent: string; readonly number: string };

/** Variants of one example: some plans want a subflow that does not exist, or waits that end soon. */
class Stage {
  private readonly variants = new Map<string, Promise<Staged>>();

  constructor(
    private readonly definition: string,
    readonly walked: WalkedFlow,
  ) {}

  /** Stubs take the place of the subflow, and of the host that the example calls. */
  static async of(name: string): Promise<Stage> {
    const example = readFileSync(join(__dirname, '..', '..', '..', 'examples', name), 'utf8').replaceAll(EXAMPLE_HOST, web.url);
    const draft = walkedFlow(`FW${'f'.repeat(32)}`, example, web.url);
    const stub = draft.definitions.get(NOWHERE);
    const definition = stub ? example.replaceAll(NOWHERE, (await published(stub)).sid) : example;
    return new Stage(definition, walkedFlow(draft.flow, definition, web.url));
  }

  for({ moves }: Plan): Promise<Staged> {
    const isShort = moves.some(({ kind }) => kind === 'timeout');
    const isAlone = moves.some((move) => move.kind === 'resolve' && !move.exists);
    const name = `${isShort} ${isAlone}`;
    const variant = this.variants.get(name) ?? this.staged(isShort, isAlone);
    this.variants.set(name, variant);
    return variant;
  }

  private async staged(isShort: boolean, isAlone: boolean): Promise<Staged> {
    const shortened = isShort ? this.definition.replace(/"timeout": "\d+"/g, `"timeout": "${SHORT_SECONDS}"`) : this.definition;
    const { sid, webhookUrl } = await published(isAlone ? shortened.replace(/"flow_sid": "\w+"/g, `"flow_sid": "${NOWHERE}"`) : shortened);
    const parent = await published((this.walked.definitions.get(this.walked.parent) ?? '').replaceAll(this.walked.flow, sid));
    const number = `+1555765${String(++contacts).padStart(4, '0')}`;
    await client.incomingPhoneNumbers.create({ phoneNumber: number, smsUrl: webhookUrl });
    return { flow: sid, parent: parent.sid, number };
  }
}

/** One plan, played by one contact through the public doors. */
class Play {
  private readonly contact = `+1555123${String(++contacts).padStart(4, '0')}`;
  private readonly phone = phoneOf(product, this.contact);
  private execution: { readonly flow: string; readonly sid: string } | undefined;

  constructor(
    private readonly staged: Staged,
    private readonly walked: WalkedFlow,
    private readonly plan: Plan,
  ) {}

  async run(): Promise<readonly Position[]> {
    const { moves, taken } = this.plan;
    web.answers = moves.filter(({ kind }) => kind === 'answer' || kind === 'no-answer') as WebAnswer[]; // by their kinds
    for (const [i, move] of moves.entries()) await this.move(move, i);
    const steps = await this.reached(taken.length);
    await this.end();
    expect(web.answers).toEqual([]);
    return steps.map(({ from, by, to }, i) => this.positionOf(from, by, to, taken[i]));
  }

  private async move(move: Move, i: number): Promise<void> {
    if (ACTS.has(move.kind)) await this.reached(this.plan.reached[i - 1] ?? 0);
    if (ACTS.has(move.kind)) await this.faultsAfter(i);
    const { staged, contact } = this;
    if (move.kind === 'start') await this.start(move);
    if (move.kind === 'reply') await this.phone.text(staged.number, String(move.parameters['Body']));
    if (move.kind === 'event') await this.event(move.event, { From: contact, To: staged.number, MessageSid: `SM${randomBytes(16).toString('hex')}`, ...move.parameters });
  }

  private async start({ event, parameters }: Extract<Move, { kind: 'start' }>): Promise<void> {
    const { flow, parent, number } = this.staged;
    const started = event === 'incomingParent' ? parent : flow;
    if (event === 'incomingMessage') await this.phone.text(number, String(parameters['Body']));
    else await client.studio.v2.flows(started).executions.create({ to: this.contact, from: number, parameters });
    this.execution = await eventually('the execution', async () => {
      const [newest] = await client.studio.v2.flows(started).executions.list({ limit: 1 });
      return newest?.contactChannelAddress === this.contact ? { flow: started, sid: newest.sid } : undefined;
    }, SLOW_MS);
  }

  /** The application that the contact was handed to sends it back, signed as Twilio signs. */
  private async event(event: string, form: Record<string, unknown>): Promise<void> {
    const url = `${product.url}/v1/Accounts/${product.accountSid}/Flows/${this.staged.flow}?FlowEvent=${event}`;
    const body = Object.fromEntries(Object.entries(form).map(([name, value]) => [name, String(value)]));
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(body), headers: { 'x-twilio-signature': twilio.getExpectedTwilioSignature(product.authToken, url, body) } });
    expect(answer.status).toBe(200);
  }

  /** What is to go wrong with the first message that follows, before anybody acts again. */
  private async faultsAfter(i: number): Promise<void> {
    const rest = this.plan.moves.slice(i + 1);
    const until = rest.findIndex(({ kind }) => ACTS.has(kind) && kind !== 'undelivered');
    const sends = (until === -1 ? rest : rest.slice(0, until)).flatMap((move, at, all) => (move.kind === 'send' ? [faultOf(move.isAccepted, all[at + 1])] : []));
    if (sends.slice(1).some((fault) => fault !== undefined)) throw new Error('only the first message can be singled out');
    if (sends[0]) await ordered('/carrier/v1/Faults', { Kind: sends[0], To: this.contact });
  }

  /** The steps of the walked flow, as soon as there are so many. */
  private async reached(count: number) {
    const { execution } = this;
    if (!execution) return [];
    return eventually(`${count} steps`, async () => {
      const steps = await client.studio.v2.flows(execution.flow).executions(execution.sid).steps.list();
      const own = steps.reverse().filter(({ parentStepSid }) => (execution.flow === this.staged.parent) === (parentStepSid !== null));
      return own.length >= count ? own.map(({ transitionedFrom: from, name: by, transitionedTo: to }) => ({ from, by, to })) : undefined;
    }, SLOW_MS);
  }

  private async end(): Promise<void> {
    const { flow = '', sid = '' } = this.execution ?? {};
    const { status } = await rest(product, 'POST', `/v2/Flows/${flow}/Executions/${sid}`, { Status: 'ended' });
    expect([200, 409]).toContain(status); // 409: it had ended by itself
  }

  private positionOf(from: string, by: string, to: string, planned: Position | undefined): Position {
    const { graph } = this.walked;
    const fits = (position: Position): boolean => graph.transition(position).event === by && (graph.transition(position).next || 'Ended') === to;
    if (planned && planned.state === from && fits(planned)) return planned;
    const index = graph.state(from).transitions.findIndex((_, each) => fits({ state: from, index: each }));
    return { state: from, index };
  }
}

const ordered = async (path: string, form: Record<string, string>): Promise<void> => expect((await rest(product, 'POST', path, form)).status).toBe(201);

/** Moves before which the execution must stand where the plan says. */
const ACTS: ReadonlySet<Move['kind']> = new Set(['start', 'reply', 'event', 'timeout', 'undelivered']);

const faultOf = (isAccepted: boolean, next: Move | undefined): string | undefined => (isAccepted ? (next?.kind === 'undelivered' ? 'fail-delivery' : undefined) : 'refuse');

describe.each(['appointment-reminder.json', 'order-status.json'])('%s over real processes, messages and HTTP calls', (name) => {
  it('takes every transition for which there is a door', async () => {
    const stage = await Stage.of(name);
    const perform = async (plan: Plan): Promise<readonly Position[]> => new Play(await stage.for(plan), stage.walked, plan).run();
    const report = await walk(stage.walked, perform, { withoutDoor: ['incomingCall', 'incomingConversationMessage'] });
    console.log(`${name}: ${report.reachable.length} transitions, ${report.missed.length} missed, ${report.executions} executions`);
    expect(report.missed).toEqual([]);
    expect(web.unsigned).toEqual([]);
  }, 240_000);
});

it('the examples use every widget that is executed', () => {
  const texts = ['appointment-reminder.json', 'order-status.json'].map((name) => readFileSync(join(__dirname, '..', '..', '..', 'examples', name), 'utf8'));
  const types = new Set(texts.flatMap((text) => (JSON.parse(text) as { states: { type: string }[] }).states.map(({ type }) => type)));
  expect([...types].sort()).toEqual(['add-twiml-redirect', 'make-http-request', 'run-function', 'run-subflow', 'send-and-wait-for-reply', 'send-message', 'set-variables', 'split-based-on', 'trigger']);
});

import { type AccountSid, type ExecutionSid, type FlowDirectory, type FlowSid, type JsonObject, isSid, sidOf } from '@atelier/contracts';
import type { TriggerEvent } from '@atelier/engine';
import { type Clock, newExecutionSid, newSid } from '@atelier/platform';
import { createMessagesApi } from '@atelier/twilio-client';
import { createEffects } from '../effects/effects';
import type { ExecutionReader } from '../store/execution-reader.port';
import { takeTriggerRecords } from '../triggers/trigger-records';
import { WebhookDoor } from '../webhooks/webhook-door';
import type { Entry } from '../worker/entry';
import { executionRules, executionRulesConfig } from '../worker/rules-config';
import { MemoryOwner } from './memory-owner';
import { CARRIER_ORIGIN, MemoryWorld, TOKEN } from './memory-world';

const ACCOUNT: AccountSid = sidOf('AC', 'a'.repeat(32));
const PUBLIC_URL = 'https://studio.example.com';
const SETTINGS = { signatureCheck: 'off', restPerSecondMax: 0, inboundPerSecondMax: 0, contactBytesMax: 300 } as const;

/** For specs: the whole context of executions in memory, from its doors to its effects, on a clock that only the spec moves. */
export class MemorySystem {
  readonly engine = executionRules(executionRulesConfig.parse({}));
  readonly world = new MemoryWorld(ACCOUNT);
  readonly owner: MemoryOwner;
  /** Asked whenever a subflow is looked for. */
  exists: () => boolean = () => true;
  private readonly webhook: WebhookDoor;

  private nowMs = 0;

  constructor(private readonly definitions: ReadonlyMap<FlowSid, string>) {
    const keys = { ensure: async () => ({ sid: 'SK1', secret: 'secret' }), replaceRefused: async () => undefined };
    const performer = createEffects({
      caller: this.world,
      signing: { tokens: async () => [TOKEN] },
      keys,
      messages: createMessagesApi(this.world, { baseUrl: CARRIER_ORIGIN, isLookupConclusive: true }),
      publicUrl: () => PUBLIC_URL,
      carrierOrigin: CARRIER_ORIGIN,
    });
    this.owner = new MemoryOwner({ rules: this.engine, directory: this.directory, performer, clock: this.clock });
    this.webhook = new WebhookDoor({ ingress: this.owner, reader: UNREAD, flows: this.directory, settings: SETTINGS, clock: this.clock });
  }

  clockTo(nowMs: number): void {
    this.nowMs = nowMs;
  }

  async passed(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.owner.fireTimers();
  }

  /** A message, or an event, of a contact at the flow's webhook. */
  async receive(flow: FlowSid, from: string, to: string, parameters: JsonObject, event?: string): Promise<void> {
    const body = { AccountSid: ACCOUNT, ApiVersion: '2010-04-01', MessageSid: newSid('SM'), SmsStatus: 'received', NumMedia: '0', From: from, To: to, ...parameters };
    await this.deliver(flow, event === undefined ? {} : { FlowEvent: event }, body);
  }

  /** The carrier reports that it could not deliver the last message, to the address that it was given with it. */
  async undelivered(): Promise<void> {
    const message = this.world.sent.at(-1);
    const url = new URL(message?.form.get('StatusCallback') ?? '');
    const flow = url.pathname.split('/').at(-1);
    if (!isSid('FW', flow) || url.origin !== PUBLIC_URL) throw new Error('the status callback does not lead to the webhook of a flow');
    await this.deliver(flow, Object.fromEntries(url.searchParams), { AccountSid: ACCOUNT, MessageSid: message?.sid, MessageStatus: 'undelivered', ErrorCode: '30003' });
  }

  /** A trigger record of another service. */
  async request(flow: FlowSid, to: string, from: string, parameters: JsonObject): Promise<void> {
    const id = newSid('RQ');
    const data = { account_sid: ACCOUNT, flow_sid: flow, to, from, parameters, idempotency_key: id };
    const [taken] = await takeTriggerRecords({ ingress: this.owner, flows: this.directory, clock: this.clock, settings: SETTINGS }, [{ specversion: '1.0', type: 'atelier.trigger.v1', source: '/walk', id, data }]);
    if (taken?.result.status !== 'started') throw new Error(`the trigger was not taken: ${JSON.stringify(taken)}`);
  }

  /** A start by an event whose door does not exist yet. */
  async start(flow: FlowSid, event: TriggerEvent, contact: string, address: string, parameters: JsonObject): Promise<void> {
    const trigger = { event, data: { From: contact, To: address, ...parameters }, contact, address, initiatedBy: newSid('CA') };
    await this.owner.create({ execution: newExecutionSid(this.nowMs), account: ACCOUNT, flow, revision: 1, isTestUser: false, trigger });
  }

  /** The execution that was started last. */
  get newest(): Entry {
    const entry = [...this.owner.entries.values()].at(-1);
    if (!entry) throw new Error('nothing was started');
    return entry;
  }

  async end(execution: ExecutionSid): Promise<void> {
    await this.owner.command({ execution, account: ACCOUNT, input: { type: 'End', reason: 'API_REQUEST' } });
  }

  private async deliver(flow: FlowSid, query: JsonObject, body: JsonObject): Promise<void> {
    await this.webhook.deliver({ account: ACCOUNT, flow, arrived: { query, body, idempotencyToken: undefined }, requestSid: newSid('RQ') });
  }

  readonly clock: Clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs };

  private readonly directory: FlowDirectory = {
    choose: async (_, flow) => (this.definitions.has(flow) ? { kind: 'found', revision: 1, isTestUser: false } : { kind: 'no-flow' }),
    resolve: async (_, flow) => (this.definitions.has(flow) && this.exists() ? 1 : undefined),
    definition: async (_, flow) => this.definitions.get(flow),
  };
}

const nobody = (): Promise<never> => Promise.reject(new Error('nothing reads rows here'));
const UNREAD: ExecutionReader = { fetch: nobody, list: nobody, context: nobody, steps: nobody, step: nobody, stepContext: nobody, twiml: nobody, active: nobody };

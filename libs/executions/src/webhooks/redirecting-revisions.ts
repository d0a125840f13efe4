import type { AccountSid, FlowDirectory, FlowSid } from '@atelier/contracts';
import { type FlowDefinition, definitionOf, isReachable } from '@atelier/flow-definition';
import { LRUCache } from 'lru-cache';

const REMEMBERED_MAX = 10_000; // revisions, a boolean each; a forgotten one is read again

/**
 * Which revisions can answer a message with TwiML: only their webhooks wait for the worker. A revision with subflows counts as one that can,
 * because what a subflow is may change while its parent does not.
 */
export class RedirectingRevisions {
  private readonly known = new LRUCache<string, boolean>({ max: REMEMBERED_MAX });

  constructor(private readonly flows: Pick<FlowDirectory, 'definition'>) {}

  async has(account: AccountSid, flow: FlowSid, revision: number): Promise<boolean> {
    const key = `${account} ${flow} ${revision}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const definition = await this.flows.definition(account, flow, revision);
    const redirects = definition !== undefined && canRedirect(definitionOf(definition));
    this.known.set(key, redirects);
    return redirects;
  }
}

const canRedirect = (definition: FlowDefinition): boolean => isReachable(definition, 'add-twiml-redirect') || isReachable(definition, 'run-subflow');

import { type Meta } from '@atelier/contracts';
import type { EventStore } from '@atelier/event-store';
import { type Clock, newSid } from '@atelier/platform';
import { LRUCache } from 'lru-cache';
import type { CredentialsEvent } from './credentials.events';

type Denied = Extract<CredentialsEvent, { type: 'AccessDenied' }>['data'];
type Read = Extract<CredentialsEvent, { type: 'SecretRead' }>['data'];

const READ_TOLD_EACH_MS = 3_600_000; // services ask again every few seconds; the record is about who may, not how often
const READS_MAX = 10_000;

/** What changed nothing and is recorded nevertheless (invariant A10): denied attempts, and secrets that left the process. */
export class Witness {
  private readonly read = new LRUCache<string, number>({ max: READS_MAX });

  constructor(
    private readonly store: EventStore,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  denied(data: Denied, meta: Meta): Promise<void> {
    return this.tell({ type: 'AccessDenied', data }, meta);
  }

  /** Told once an hour for each secret. */
  async secretRead(data: Read, meta: Meta): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - (this.read.get(data.subject) ?? -READ_TOLD_EACH_MS) < READ_TOLD_EACH_MS) return;
    await this.tell({ type: 'SecretRead', data }, meta);
    this.read.set(data.subject, nowMs);
  }

  private async tell(event: CredentialsEvent, meta: Meta): Promise<void> {
    await this.store.append([{ stream: meta.requestSid ?? newSid('RQ'), expectedVersion: 0, events: [event], meta }]);
  }
}

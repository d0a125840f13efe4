import { type PublicEvent, type TopicName } from '@atelier/contracts';
import { type Unnumbered, MemoryTopic } from '@atelier/bus';

/** Events as flows and credentials publish them, for specs. */
export const AC = `AC${'a'.repeat(32)}` as const;
export const OTHER = `AC${'b'.repeat(32)}` as const;
export const FW = `FW${'f'.repeat(32)}` as const;
export const SK = `SK${'5'.repeat(32)}` as const;

let count = 0;

/** The n-th identifier of a kind. */
export const nth = (prefix: string, n: number): string => prefix + n.toString(16).padStart(32, '0');

/** A change of a flow by its account, with these differences; each has its own identifier. */
export const change = (over: Partial<Unnumbered> & { readonly meta?: Record<string, unknown> } = {}): Unnumbered => ({
  id: `event-${++count}`,
  source: `/accounts/${AC}`,
  type: 'flow.updated',
  subject: FW,
  time: '2026-01-31T12:00:00.250Z',
  data: { flow_sid: FW, resource_properties: { revision: { previous: 1, updated: 2 } } },
  ...over,
  meta: {
    accountSid: AC,
    actorType: 'account',
    actorSid: AC,
    credentialSid: SK,
    source: 'api',
    sourceIp: '203.0.113.7',
    sourceIpFrom: 'forwarded',
    region: 'us1',
    requestSid: `RQ${'1'.repeat(32)}`,
    userAgent: 'tests/1',
    ...over.meta,
  },
});

/** One such change as a log publishes it. */
export const auditable = (): PublicEvent => {
  const [event] = topicOf().append(0, [change()]);
  if (!event) throw new Error('expected one event');
  return event;
};

/** A log in memory. */
export const topicOf = (topic: TopicName = 'atelier.flows.events', log = 'flows'): MemoryTopic => new MemoryTopic(topic, log);

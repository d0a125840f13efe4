import { Defect } from '@atelier/contracts';

/** The part of kafkajs's queue that is mended; names as they stand there. */
type RequestQueue = { readonly pending: readonly unknown[]; readonly throttledUntil: number; readonly throttleCheckTimeoutId: unknown };
type Prototype = { scheduleCheckPendingRequests: (this: RequestQueue) => void };

const MENDED = '2.2.4'; // the fault and its remedy were seen in this version only

const mended = new WeakSet<object>();

/**
 * Every connection of kafkajs arms a timer again and again while nothing waits (tulios/kafkajs 1704, 1751): 5,600 timers a second and 6 % of a core
 * for an idle producer and consumer. Nothing waiting, no throttle and no timer means that there is nothing to look for.
 */
export const mendIdleLoop = (version: string, prototype: Prototype): void => {
  if (version !== MENDED) throw new Defect(`expected kafkajs ${MENDED}, found ${version}: look whether its idle loop still has to be mended`);
  if (mended.has(prototype)) return;
  mended.add(prototype);
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    const isIdle = this.pending.length === 0 && this.throttledUntil <= Date.now() && !this.throttleCheckTimeoutId;
    if (!isIdle) original.call(this);
  };
};

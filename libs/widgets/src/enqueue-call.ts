import { defineWidget } from './define-widget';
import { atLeastOne, choice, int, propertiesOf, templatedMax, text } from './properties';

/** Puts the call into a queue or hands it to TaskRouter. */
export const enqueueCall = defineWidget({
  type: 'enqueue-call',
  title: 'Enqueue Call',
  stored: atLeastOne(
    propertiesOf({
      queue_name: templatedMax(64).optional(),
      workflow_sid: text.optional(),
      task_attributes: templatedMax(1_024).optional(), // JSON
      priority: int().optional(),
      timeout: int(0, 1_209_600).optional(), // seconds, two weeks
      wait_url: text.optional(),
      wait_url_method: choice('GET', 'POST').optional(),
    }),
    ['queue_name', 'workflow_sid'],
  ),
  literal: ['workflow_sid', 'priority', 'timeout', 'wait_url', 'wait_url_method'],
  transitions: ['callComplete', 'failedToEnqueue', 'callFailure'],
  waits: true,
});

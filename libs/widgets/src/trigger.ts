import { defineWidget } from './define-widget';
import { leave } from './outcomes';
import { propertiesOf } from './properties';

/** Where an execution begins: one transition for each way in. */
export const trigger = defineWidget({
  type: 'trigger',
  title: 'Trigger',
  stored: propertiesOf({}),
  literal: [],
  transitions: ['incomingMessage', 'incomingCall', 'incomingConversationMessage', 'incomingRequest', 'incomingParent'],
  behaviour: {
    enter: ({ enteredBy }) => leave(enteredBy),
  },
});

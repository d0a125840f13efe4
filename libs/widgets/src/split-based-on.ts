import { defineWidget } from './define-widget';
import { propertiesOf, text } from './properties';

/** Compares a value with the conditions of its `match` transitions and leaves by the first that holds. */
export const splitBasedOn = defineWidget({
  type: 'split-based-on',
  title: 'Split Based On...',
  stored: propertiesOf({
    input: text,
  }),
  literal: [],
  transitions: ['match', 'noMatch'],
});

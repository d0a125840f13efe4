import { z } from 'zod';
import { defineWidget } from './define-widget';
import { bool, propertiesOf, text, typedPair } from './properties';

// `type` is what the console writes, `parse_as_json` what Twilio's authoring reference says; `index` is the display order of old exports.
const variable = typedPair.extend({ parse_as_json: bool.optional(), index: text.optional() });

/** Writes variables for the rest of the execution. */
export const setVariables = defineWidget({
  type: 'set-variables',
  title: 'Set Variables',
  stored: propertiesOf({
    variables: z.array(variable).optional(),
  }),
  literal: [],
  transitions: ['next'],
});

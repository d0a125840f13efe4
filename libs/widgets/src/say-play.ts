import { defineWidget } from './define-widget';
import { exactlyOne, int, propertiesOf, templatedPattern, text } from './properties';

/** Says a text, plays a file or plays digits to the caller. */
export const sayPlay = defineWidget({
  type: 'say-play',
  title: 'Say/Play',
  stored: exactlyOne(
    propertiesOf({
      say: text.optional(),
      play: text.optional(),
      digits: templatedPattern('^[0-9A-DwW#*]+$').optional(), // w waits half a second, W a whole one
      voice: text.optional(),
      language: text.optional(),
      loop: int(1, 99).optional(),
    }),
    ['say', 'play', 'digits'],
  ),
  literal: ['loop'],
  transitions: ['audioComplete'],
  waits: true,
});

import type { EffectKind } from '@atelier/widgets';

/** Numbers of the column `effect.kind`; a storage format. */
export const EFFECT_KIND = { 'message.send': 1, 'http.request': 2, 'function.run': 3, 'subflow.resolve': 4 } as const satisfies Record<EffectKind, number>;

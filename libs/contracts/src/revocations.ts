import type { PublicEvent } from './public-events';

/**
 * Whether what was known of credentials still holds after this event: something new, or a record of who looked. Everything else may have revoked a
 * credential, also one of another account than the event's own: an owner closes its subaccounts.
 */
export const revokesNothing = ({ type }: Pick<PublicEvent, 'type'>): boolean => /(\.created|\.secret-read|-denied)$/.test(type);

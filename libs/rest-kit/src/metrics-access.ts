import type { EdgeRequest } from './edge';
import { bearsToken } from './internal-token';
import { type SourceOf, isWithin } from './source-address';

export type MetricsAccess = { readonly networks: readonly string[]; readonly internalToken: string | undefined; readonly sourceOf: SourceOf };

/**
 * Who may read `/metrics`: the token of the installation from anywhere, and the given networks without one. What a proxy that nobody trusts has passed on
 * came from anywhere, whatever network the proxy is in.
 */
export const metricsAccess = ({ networks, internalToken, sourceOf }: MetricsAccess): ((request: EdgeRequest) => boolean) => {
  const isNear = isWithin(networks);
  return ({ headers, raw }) => {
    if (bearsToken(headers.authorization, internalToken)) return true;
    const { ip, from } = sourceOf(raw);
    const isPassedOn = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
    return ip !== null && isNear(ip) && (from === 'forwarded' || !isPassedOn);
  };
};

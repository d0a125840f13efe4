import { type Log, wholeNumber } from '@atelier/platform';
import { z } from 'zod';
import { isNetwork } from './source-address';

const networksOf = (text: string): string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** What every process with a REST edge may be told. */
export const restConfig = z.object({
  ATELIER_HTTP_HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  ATELIER_HTTP_PORT: wholeNumber(8080, 'Port to listen on; 0 takes a free one.'),
  ATELIER_HTTP_BODY_BYTES_MAX: wholeNumber(4 * 1024 * 1024, 'Largest request body; over it 413. A definition grows by half when form-encoded.', 1),
  ATELIER_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Stands in every URL of an answer, and webhook signatures are checked against it. Left out: http://127.0.0.1:<port>.'),
  ATELIER_TRUSTED_PROXIES: z
    .string()
    .default('')
    .refine((text) => networksOf(text).every(isNetwork), 'expected addresses or networks, separated by commas')
    .describe('Addresses or networks, separated by commas, whose X-Forwarded-For is believed.'),
  ATELIER_METRICS_NETWORKS: z
    .string()
    .default('127.0.0.1,::1')
    .refine((text) => networksOf(text).every(isNetwork), 'expected addresses or networks, separated by commas')
    .describe('Addresses or networks, separated by commas, that read /metrics without a token; from anywhere else it takes ATELIER_INTERNAL_TOKEN as a bearer token.'),
  ATELIER_REGION: z
    .string()
    .regex(/^[a-z]{2}[0-9]$/)
    .default('us1')
    .describe('Region of this deployment, on every key and audit record.'),
});

/** What the edge needs to know of its deployment. */
export type RestOptions = {
  /** Without a slash at its end. Left out: taken from the socket once it listens. */
  readonly publicUrl?: string | undefined;
  readonly region: string;
  /** Addresses or networks in CIDR form. */
  readonly trustedProxies: readonly string[];
  readonly bodyBytesMax: number;
  /** Addresses or networks that read `/metrics` without a token. */
  readonly metricsNetworks?: readonly string[];
  /** What operators and other services prove themselves by; left out: nobody can. */
  readonly internalToken?: string | undefined;
  readonly log: Log;
};

/** Settings → options. */
export const restOptionsOf = (config: z.infer<typeof restConfig> & { readonly ATELIER_INTERNAL_TOKEN?: string | undefined }, log: Log): RestOptions => ({
  publicUrl: config.ATELIER_PUBLIC_URL?.replace(/\/+$/, ''),
  region: config.ATELIER_REGION,
  trustedProxies: networksOf(config.ATELIER_TRUSTED_PROXIES),
  bodyBytesMax: config.ATELIER_HTTP_BODY_BYTES_MAX,
  metricsNetworks: networksOf(config.ATELIER_METRICS_NETWORKS),
  internalToken: config.ATELIER_INTERNAL_TOKEN,
  log,
});

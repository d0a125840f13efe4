import type { z } from 'zod';

/** A schema that stands on a handler. Collected here because loading the OpenAPI library costs 160 ms, which only its readers should pay. */
export type DocumentedParameter = {
  readonly target: object;
  readonly key: string | symbol;
  readonly kind: 'form' | 'query';
  readonly schema: z.ZodObject;
};

const collected: DocumentedParameter[] = [];

export const documentParameter = (parameter: DocumentedParameter): void => void collected.push(parameter);

/** Everything collected since the last call. */
export const takeDocumentedParameters = (): readonly DocumentedParameter[] => collected.splice(0);

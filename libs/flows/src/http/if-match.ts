import { parameter } from '@atelier/rest-kit';

const NEVER = -1; // a revision that no flow has: 412

/** The revision that If-Match names; undefined without the header and for `*`. Unspecified by Twilio, which lets the last write win. */
export const IfMatch = (): ParameterDecorator => parameter((request) => revisionOf(request.headers['if-match']));

export const revisionOf = (header: string | undefined): number | undefined => {
  if (header === undefined || header.trim() === '*') return undefined;
  const [, digits] = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header.trim()) ?? [];
  return digits === undefined ? NEVER : Number(digits);
};

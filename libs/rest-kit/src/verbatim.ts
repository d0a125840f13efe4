/** JSON text that stands in an answer exactly as it is: key order and the spelling of numbers survive. The text must be valid JSON. */
export class Verbatim {
  constructor(readonly text: string) {}
}

/** JSON of an answer; verbatim values may stand directly in the outermost object. */
export const answerText = (answer: unknown): string => {
  if (!isRecord(answer) || !Object.values(answer).some((value) => value instanceof Verbatim)) return JSON.stringify(answer);
  const members = Object.entries(answer).flatMap(([key, value]) => {
    const text = value instanceof Verbatim ? value.text : (JSON.stringify(value) as string | undefined); // undefined has no JSON
    return text === undefined ? [] : [`${JSON.stringify(key)}:${text}`];
  });
  return `{${members.join(',')}}`;
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

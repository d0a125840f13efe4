const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** Doors that take parameters, by path: the names of those that they check. */
export const doorsOf = (account: string, flow: string): Readonly<Record<string, readonly string[]>> => ({
  '/v2/Flows': ['FriendlyName', 'Status', 'Definition', 'CommitMessage'],
  [`/v2/Flows/${flow}`]: ['FriendlyName', 'Status', 'Definition', 'CommitMessage'],
  '/v2/Flows/Validate': ['FriendlyName', 'Status', 'Definition', 'CommitMessage'],
  '/atelier/v1/Flows/Import': ['FriendlyName', 'Status', 'Definition', 'CommitMessage', 'FlowSid', 'Coerce', 'DanglingNext'],
  [`/v2/Flows/${flow}/TestUsers`]: ['TestUsers'],
  [`/v2/Flows/${flow}/Executions`]: ['To', 'From', 'Parameters'],
  [`/v1/Flows/${flow}/Engagements`]: ['To', 'From', 'Parameters'],
  [`/2010-04-01/Accounts/${account}.json`]: ['FriendlyName', 'Status'],
  [`/2010-04-01/Accounts/${account}/Keys.json`]: ['FriendlyName'],
  '/v1/Keys': ['AccountSid', 'FriendlyName', 'KeyType', 'Policy'],
  [`/2010-04-01/Accounts/${account}/Messages.json`]: ['To', 'From', 'Body', 'MediaUrl', 'StatusCallback'],
  [`/2010-04-01/Accounts/${account}/IncomingPhoneNumbers.json`]: ['PhoneNumber', 'SmsUrl', 'FriendlyName'],
  '/carrier/v1/Phones/%2B15551230001/Messages': ['To', 'Body'],
});

/** Values that no parameter takes: what cannot be stored, the wrong type, too much, too deep. */
export const BAD_VALUES: readonly unknown[] = ['a\u0000b', 'a\ud800b', { a: { ['__proto__']: 1 } }, [['a']], 'x'.repeat(300_000), deep(100_000)];

/** JSON bodies of which each has one mistake; `good` are the values of the other parameters. */
export const badBodiesOf = (names: readonly string[], good: Readonly<Record<string, string>>): readonly string[] => [
  '{"a":',
  '[1]',
  '"x"',
  deep(100_000),
  '{"__proto__":{"x":1}}',
  `"${'x'.repeat(5_000_000)}"`,
  ...names.flatMap((name) => BAD_VALUES.map((value) => JSON.stringify({ ...good, [name]: value }))),
];

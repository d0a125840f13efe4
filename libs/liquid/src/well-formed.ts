import { type Template, TokenKind, Value, toValueSync } from 'liquidjs';

/** Studio's engine refuses `{{ a b }}`, where liquidjs prints the first. Throws an Error that says so. */
export const assertWellFormed = (templates: readonly Template[]): void => {
  for (const template of templates) {
    for (const argument of template.arguments?.() ?? []) if (argument instanceof Value) assertOneValue(argument);
    if (template.children) assertWellFormed(childrenOf(template.children(false, true)));
  }
};

// liquidjs drives its generators by itself; without partials they never wait.
const childrenOf = (children: Generator<unknown, Template[]>): Template[] => toValueSync(children) as Template[];

// Every operator of the dialect takes two values and leaves one, so one value is left where there is one more of them.
const assertOneValue = ({ initial: { postfix } }: Value): void => {
  const operators = postfix.filter(({ kind }) => kind === TokenKind.Operator).length;
  if (postfix.length > 0 && postfix.length !== 2 * operators + 1) throw new Error(`unexpected ${JSON.stringify(postfix.at(-1)?.getText() ?? '')}`);
};

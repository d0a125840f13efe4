import { isSid } from '@atelier/contracts';
import { widgetOf } from '@atelier/widgets';
import { reachableFrom } from './graph';
import type { DefinitionLimits } from './limits';
import { type Outline, type OutlineState, textOf } from './outline';
import type { Finding } from './problem';

/** A rule across states, which a schema cannot say. */
type Rule = (outline: Outline, limits: DefinitionLimits) => Finding[];

const uniqueNames: Rule = ({ states, byName }) =>
  states.flatMap((state) =>
    state.name === undefined || byName.get(state.name) === state
      ? []
      : [{ path: [...state.path, 'name'], message: `must be unique, but another state is named ${state.name} too`, code: 'duplicate-name' }],
  );

const existingTargets: Rule = ({ states, byName }) =>
  states.flatMap(({ transitions }) =>
    transitions.flatMap(({ next, path }) =>
      next === undefined || byName.has(next)
        ? []
        : [{ path: [...path, 'next'], message: `must be the name of an existing state, found ${next}`, code: 'dangling-next' }],
    ),
  );

const existingInitialState: Rule = ({ initialState, byName }) =>
  !initialState || byName.has(initialState)
    ? []
    : [{ path: ['initial_state'], message: `must be the name of an existing state, found ${initialState}`, code: 'unknown-initial-state' }];

/** Where an execution did not begin over REST. A parent may have been started over REST, so `incomingParent` is not among them. */
const OTHER_TRIGGERS = new Set(['incomingMessage', 'incomingCall', 'incomingConversationMessage']);

const restOnly: Rule = (outline) => {
  const needy = outline.states.filter(({ type }) => widgetOf(type ?? '')?.requiresRestTrigger);
  if (needy.length === 0) return [];
  const triggers = outline.states.filter(({ type }) => type === 'trigger').flatMap(({ transitions }) => transitions);
  const reached = reachableFrom(
    outline,
    triggers.filter(({ event }) => OTHER_TRIGGERS.has(event ?? '')).map(({ next }) => next),
  );
  return needy
    .filter((state) => reached.has(state))
    .map(({ path, type }) => ({
      path: [...path, 'type'],
      message: `${type} can only be used in flows triggered by the REST API`,
      code: 'rest-only',
    }));
};

const subflowsOf = ({ states }: Outline): readonly OutlineState[] => states.filter(({ type }) => type === 'run-subflow');

const subflowWidgets: Rule = (outline, { subflowWidgetsMax }) =>
  subflowsOf(outline).length <= subflowWidgetsMax
    ? []
    : [{ path: ['states'], message: `there must be a maximum of ${subflowWidgetsMax} run-subflow widgets in the flow`, code: 'too-many-subflows' }];

const distinctSubflows: Rule = (outline, { distinctSubflowsMax }) => {
  const named = subflowsOf(outline).map(({ properties }) => properties['flow_sid']);
  const sids = new Set(named.filter((sid) => isSid('FW', sid)));
  if (sids.size <= distinctSubflowsMax) return [];
  const message = `there must be a maximum of ${distinctSubflowsMax} distinct subflows in the flow`;
  return [{ path: ['states'], message, code: 'too-many-subflows' }];
};

const oneRevision: Rule = (outline) => {
  const revisions = new Map<string, string>();
  return subflowsOf(outline).flatMap(({ path, properties }) => {
    const [sid, revision] = [textOf(properties['flow_sid']), textOf(properties['flow_revision'])];
    if (sid === undefined || revision === undefined) return [];
    const first = revisions.get(sid) ?? revision;
    revisions.set(sid, first);
    if (first === revision) return [];
    const message = `must be the same revision of ${sid} everywhere in the flow, found ${first} and ${revision}`;
    return [{ path: [...path, 'properties', 'flow_revision'], message, code: 'two-revisions' }];
  });
};

export const RULES: readonly Rule[] = [uniqueNames, existingTargets, existingInitialState, restOnly, subflowWidgets, distinctSubflows, oneRevision];

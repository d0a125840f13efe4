import { type AccountSid, CONTACT_SID_PLACEHOLDER, type ExecutionSid, type FlowSid, type JsonObject, type StepSid } from '@atelier/contracts';
import { isoSeconds } from '@atelier/rest-kit';
import type { ExecutionView, StepView } from '../store/execution-reader.port';

/** The same resource under three names: v2, v1, and v1's older Engagements (`spec/rest-api.md` 5 and 6). */
export type ExecutionApi = {
  readonly path: string;
  readonly version: 1 | 2;
  /** Key of lists and last part of URLs. */
  readonly plural: 'executions' | 'engagements';
  /** How other resources name their execution. */
  readonly reference: 'execution_sid' | 'engagement_sid';
  readonly contextLink: 'execution_context' | 'engagement_context';
  readonly createStatus: 200 | 201;
  readonly canEnd: boolean;
};

export const V2: ExecutionApi = {
  path: 'v2/Flows/:flow/Executions',
  version: 2,
  plural: 'executions',
  reference: 'execution_sid',
  contextLink: 'execution_context',
  createStatus: 201,
  canEnd: true,
};
export const V1: ExecutionApi = { ...V2, path: 'v1/Flows/:flow/Executions', version: 1, createStatus: 200 };
export const ENGAGEMENTS: ExecutionApi = {
  ...V1,
  path: 'v1/Flows/:flow/Engagements',
  plural: 'engagements',
  reference: 'engagement_sid',
  contextLink: 'engagement_context',
  canEnd: false,
};

/** Whose a resource is. */
export type Owner = { readonly account: AccountSid; readonly flow: FlowSid; readonly execution: ExecutionSid };

/** Rows → resources of one of the three. */
export const presenterOf = (api: ExecutionApi, publicUrl: string) => {
  const urlOf = ({ flow, execution }: Pick<Owner, 'flow' | 'execution'>): string => `${publicUrl}/${api.path.replace(':flow', flow)}/${execution}`;
  const stepUrlOf = (owner: Owner, step: StepSid): string => `${urlOf(owner)}/Steps/${step}`;
  const ids = ({ account, flow, execution }: Owner) => ({ account_sid: account, flow_sid: flow, [api.reference]: execution });
  return {
    execution: (view: ExecutionView): object => {
      const url = urlOf({ flow: view.flow, execution: view.sid });
      return {
        sid: view.sid,
        account_sid: view.account,
        flow_sid: view.flow,
        context: {},
        contact_sid: CONTACT_SID_PLACEHOLDER,
        contact_channel_address: view.contact,
        ...(api.version === 2 && { flow_version: view.revision, initiated_by: view.initiatedBy }),
        status: view.status,
        date_created: dateOf(view.createdAtMs),
        date_updated: dateOf(view.updatedAtMs),
        url,
        links: { steps: `${url}/Steps`, [api.contextLink]: `${url}/Context` },
      };
    },
    context: (owner: Owner, context: JsonObject): object => ({ ...ids(owner), context, url: `${urlOf(owner)}/Context` }),
    step: (owner: Owner, step: StepView): object => {
      const url = stepUrlOf(owner, step.sid);
      return {
        sid: step.sid,
        ...ids(owner),
        parent_step_sid: step.parentStepSid ?? null,
        name: step.name,
        context: {},
        transitioned_from: step.from,
        transitioned_to: step.to,
        ...(api.version === 2 && { type: step.type }),
        date_created: dateOf(step.createdAtMs),
        date_updated: dateOf(step.updatedAtMs),
        url,
        links: { step_context: `${url}/Context` },
      };
    },
    stepContext: (owner: Owner, step: StepSid, context: JsonObject): object => ({
      ...ids(owner),
      step_sid: step,
      context,
      url: `${stepUrlOf(owner, step)}/Context`,
    }),
  };
};

const dateOf = (ms: number): string => isoSeconds(new Date(ms));

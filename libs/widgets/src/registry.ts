import { addTwimlRedirect } from './add-twiml-redirect';
import { capturePayments } from './capture-payments';
import { connectCallTo } from './connect-call-to';
import { connectVirtualAgent } from './connect-virtual-agent';
import { connectVirtualAgentV2 } from './connect-virtual-agent-v2';
import { enqueueCall } from './enqueue-call';
import { forkStream } from './fork-stream';
import { gatherInputOnCall } from './gather-input-on-call';
import { makeHttpRequest } from './make-http-request';
import { makeOutgoingCallV1 } from './make-outgoing-call-v1';
import { makeOutgoingCallV2 } from './make-outgoing-call-v2';
import { recordCall } from './record-call';
import { recordVoicemail } from './record-voicemail';
import { resumeConversation } from './resume-conversation';
import { runConversationRelay } from './run-conversation-relay';
import { runFunction } from './run-function';
import { runSubflow } from './run-subflow';
import { sayPlay } from './say-play';
import { sendAndWaitForReply } from './send-and-wait-for-reply';
import { sendMessage } from './send-message';
import { sendToAutoPilot } from './send-to-auto-pilot';
import { sendToFlex } from './send-to-flex';
import { setVariables } from './set-variables';
import { splitBasedOn } from './split-based-on';
import { startConversation } from './start-conversation';
import { trigger } from './trigger';
import type { Widget } from './widget';

/** The catalogue, in the order of the reference. Adding a widget means adding its file, its cases and its line here; nothing else changes. */
export const WIDGETS = [
  trigger,
  splitBasedOn,
  setVariables,
  sendMessage,
  sendAndWaitForReply,
  sayPlay,
  gatherInputOnCall,
  recordVoicemail,
  recordCall,
  connectCallTo,
  makeOutgoingCallV2,
  makeOutgoingCallV1,
  enqueueCall,
  capturePayments,
  forkStream,
  connectVirtualAgentV2,
  connectVirtualAgent,
  runConversationRelay,
  startConversation,
  resumeConversation,
  sendToFlex,
  sendToAutoPilot,
  makeHttpRequest,
  runFunction,
  runSubflow,
  addTwimlRedirect,
] as const;

/** The name of a widget type. */
export type WidgetType = (typeof WIDGETS)[number]['type'];

// What a widget receives is checked where it is declared; the catalogue only passes it on.
const byType: ReadonlyMap<string, Widget> = new Map(WIDGETS.map((w) => [w.type, w as unknown as Widget]));

/** The widget of this type, or undefined where there is no such type. */
export const widgetOf = (type: string): Widget | undefined => byType.get(type);

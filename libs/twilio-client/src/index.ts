export { type ApiKey, type SigningToken, type StudioKey, type StudioKeyCause, SIGNING_TOKEN, STUDIO_KEY } from './credentials.port';
export type { MessageLookup, MessageSender, OutgoingMessage, SendResult, SoughtMessage } from './messages.port';
export { capitalised, createMessagesApi } from './messages-api';
export { type SignedForm, type SignedRequest, formOf, isSigned, signatureOf, withBodyHash } from './signature';
export { type CarrierSite, twilioConfig } from './twilio-config';
export { type Forgetful, createRemoteSigningToken, createRemoteStudioKey } from './remote-keys';

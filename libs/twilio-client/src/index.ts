export { type ApiKey, type SigningToken, type StudioKey, type StudioKeyCause, SIGNING_TOKEN, STUDIO_KEY } from './credentials.port';

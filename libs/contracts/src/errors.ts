/** Every error a caller can meet. `code` and `status` follow Twilio's public API (`spec/rest-api.md` 1, `spec/audit-and-keys.md` 5). */
export const ERRORS = {
  AuthenticationFailed: { code: 20003, status: 401, text: 'Authenticate' },
  NoCredentials: { code: 20003, status: 401, text: 'Authentication Error - No credentials provided' },
  InvalidUsername: { code: 20003, status: 401, text: 'Authentication Error - invalid username' },
  PermissionDenied: { code: 20003, status: 403, text: 'Permission Denied' },
  InvalidParameter: { code: 20001, status: 400, text: 'Invalid parameter' },
  MalformedBody: { code: 20001, status: 400, text: 'The request body could not be read' },
  UnsupportedMediaType: { code: 20001, status: 415, text: 'The content type of the request body is not supported' },
  NotFound: { code: 20404, status: 404, text: 'The requested resource was not found' },
  MethodNotAllowed: { code: 20004, status: 405, text: 'Method not allowed' },
  Conflict: { code: 20409, status: 409, text: 'The resource is in another state' },
  ActiveExecutionExists: { code: 20409, status: 409, text: 'An Execution is already active for this contact' },
  StaleRevision: { code: 20412, status: 412, text: 'The revision named by If-Match is not the latest one' },
  BodyTooLarge: { code: 20001, status: 413, text: 'The request body is too large' },
  TooManyRequests: { code: 20429, status: 429, text: 'Too many requests' },
  InvalidSignature: { code: 57012, status: 403, text: 'The X-Twilio-Signature does not match the request' },
  InvalidRevision: { code: 81021, status: 400, text: 'Revision must be an integer, LatestPublished or LatestRevision' },
  InvalidDefinition: { code: 81022, status: 400, text: 'Flow definition validation failed, check `details` for more information' },
  ContactTooLong: { code: 81023, status: 400, text: 'To and From together exceed the maximum of 300 bytes' },
  InvalidTo: { code: 21211, status: 400, text: "The 'To' number is not a valid phone number" },
  InvalidFrom: { code: 21212, status: 400, text: "The 'From' number is not a valid phone number, short code or sender ID" },
  InvalidPhoneNumber: { code: 21421, status: 400, text: 'PhoneNumber is invalid' },
  PhoneNumberTaken: { code: 21422, status: 400, text: 'PhoneNumber is not available' },
  MessageBodyMissing: { code: 21602, status: 400, text: 'Message body is required' },
  MessageFromMissing: { code: 21603, status: 400, text: "A 'From' phone number is required" },
  MessageToMissing: { code: 21604, status: 400, text: "A 'To' phone number is required" },
  InvalidStatusCallback: { code: 21609, status: 400, text: "The 'StatusCallback' URL is not a valid URL" },
  MessageBodyTooLong: { code: 21617, status: 400, text: 'The concatenated message body exceeds the 1600 character limit' },
  Internal: { code: 20500, status: 500, text: 'An internal error occurred' },
  Unavailable: { code: 20503, status: 503, text: 'The service is not available at the moment' },
} as const satisfies Record<string, { code: number; status: number; text: string }>;

export type ErrorName = keyof typeof ERRORS;

/** What a rejection tells beside its name: the text for the caller, Twilio's `details` object, headers of the answer. */
export type RejectionInfo = {
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The caller asked for something that the rules forbid. Never retried, never logged as an error. */
export class Rejection extends Error {
  constructor(
    override readonly name: ErrorName,
    readonly info: RejectionInfo = {},
  ) {
    super(info.message ?? ERRORS[name].text);
  }
}

/** The world failed: a timeout, a conflict after retries, a store that is away. Retried with backoff; 503 at the REST edge. */
export class Fault extends Error {
  override readonly name = 'Fault';
}

/** We broke our own promise: an impossible state, an unreadable stored event. */
export class Defect extends Error {
  override readonly name = 'Defect';
}

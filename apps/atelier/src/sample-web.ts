import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { validateRequest, validateRequestWithBody } from 'twilio';

/** What a web service or Function answers to the next request; `no-answer`: the connection breaks. */
export type WebAnswer = { readonly kind: 'answer'; readonly status: number; readonly contentType: string; readonly body: string } | { readonly kind: 'no-answer' };

const FRIENDLY: WebAnswer = { kind: 'answer', status: 200, contentType: 'application/json', body: '{}' };

/** For specs: everything that flows call, on this machine. Requests are believed only where the official library finds them signed by the account. */
export class SampleWeb {
  /** Answers to come, in their order; then friendly ones. */
  answers: WebAnswer[] = [];
  /** Paths of requests that were not signed. */
  readonly unsigned: string[] = [];
  private readonly server: Server;

  constructor(private readonly authToken: () => string) {
    this.server = createServer((request, response) => void this.received(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; // it listens on a port
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async received(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // without an encoding it yields buffers
    if (!this.isSigned(request, Buffer.concat(chunks).toString())) this.unsigned.push(request.url ?? '');
    if (request.url === '/twiml') return void response.writeHead(200, { 'content-type': 'text/xml' }).end('<Response/>');
    const answer = this.answers.shift() ?? FRIENDLY;
    if (answer.kind === 'no-answer') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  }

  private isSigned({ url = '', headers }: IncomingMessage, body: string): boolean {
    const signature = String(headers['x-twilio-signature']);
    if (headers['content-type']?.includes('json')) return validateRequestWithBody(this.authToken(), signature, this.url + url, body);
    return validateRequest(this.authToken(), signature, this.url + url, Object.fromEntries(new URLSearchParams(body)));
  }
}

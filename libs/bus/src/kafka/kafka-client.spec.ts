import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { silentLog } from '@atelier/platform';
import { createKafkaClient } from './kafka-client';
import { sampleOptions } from './sample-topics';

const TLS_HANDSHAKE = 22; // the first byte of a client's hello
const API_VERSIONS = 18; // the request that a client without TLS begins with

/** The first bytes that a client sends. */
const firstBytes = async (over: Partial<ReturnType<typeof sampleOptions>>): Promise<Buffer> => {
  let heard: (bytes: Buffer) => void = () => undefined;
  const first = new Promise<Buffer>((resolve) => (heard = resolve));
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined); // the client is told nothing more
    socket.once('data', (bytes) => {
      heard(bytes);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const admin = (await createKafkaClient({ ...sampleOptions(`127.0.0.1:${port}`), ...over }, silentLog)).admin({ retry: { retries: 0 } });
  try {
    await Promise.all([first, expect(admin.connect()).rejects.toThrow()]);
    return await first;
  } finally {
    await admin.disconnect();
    await new Promise((resolve) => server.close(resolve));
  }
};

describe('a client of Kafka', () => {
  it('speaks TLS where it is told to', async () => expect((await firstBytes({ tls: {} }))[0]).toBe(TLS_HANDSHAKE));

  it('says its name to the broker', async () => {
    const bytes = await firstBytes({ clientId: 'audit-service-1' });
    expect(bytes.readInt16BE(4)).toBe(API_VERSIONS);
    expect(bytes.toString()).toContain('audit-service-1');
  });
});

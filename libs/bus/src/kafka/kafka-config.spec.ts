import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaConfig, kafkaOptionsOf } from './kafka-config';

const optionsOf = (settings: Readonly<Record<string, string>>) => kafkaOptionsOf(kafkaConfig.parse({ ATELIER_KAFKA_BROKERS: 'a:9092', ...settings }));

describe('the settings of Kafka', () => {
  it('without brokers mean none', () => expect(kafkaOptionsOf(kafkaConfig.parse({}))).toBeUndefined());

  it('have defaults that fit one broker', () => {
    expect(optionsOf({ ATELIER_KAFKA_BROKERS: 'a:9092,b:9093' })).toEqual({
      brokers: ['a:9092', 'b:9093'], clientId: 'atelier', topicPrefix: '', replicationFactor: 1, minInsyncReplicas: 1, partitionsMax: 16,
    });
  });

  it.each(['a', 'a:9092,', 'a:9092, b:9092', 'kafka://a:9092', ':9092'])('refuse %s as brokers', (brokers) => expect(() => optionsOf({ ATELIER_KAFKA_BROKERS: brokers })).toThrow('host:port'));

  it('take SASL whole or not at all', () => {
    const [mechanism, username, password] = [{ ATELIER_KAFKA_SASL_MECHANISM: 'scram-sha-512' }, { ATELIER_KAFKA_SASL_USERNAME: 'u' }, { ATELIER_KAFKA_SASL_PASSWORD: 'p' }];
    expect(optionsOf({ ...mechanism, ...username, ...password })?.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'u', password: 'p' });
    for (const part of [mechanism, username, password, { ...mechanism, ...username }, { ...username, ...password }]) expect(() => optionsOf(part)).toThrow('all of them or none');
    expect(() => optionsOf({ ATELIER_KAFKA_SASL_MECHANISM: 'gssapi' })).toThrow();
  });

  it('encrypt with the authorities of Node, or with those of a file', () => {
    expect(optionsOf({ ATELIER_KAFKA_TLS: 'on' })?.tls).toEqual({});
    const folder = mkdtempSync(join(tmpdir(), 'atelier-ca-'));
    writeFileSync(join(folder, 'ca.pem'), 'CERTIFICATE');
    const file = { ATELIER_KAFKA_TLS_CA_FILE: join(folder, 'ca.pem') };
    expect(optionsOf({ ATELIER_KAFKA_TLS: 'on', ...file })?.tls).toEqual({ ca: 'CERTIFICATE' });
    expect(() => optionsOf(file)).toThrow('expected ATELIER_KAFKA_TLS=on beside it');
    rmSync(folder, { recursive: true });
    expect(() => optionsOf({ ATELIER_KAFKA_TLS: 'on', ...file })).toThrow(/ATELIER_KAFKA_TLS_CA_FILE: cannot be read: .*ENOENT/);
  });

  it('refuse more copies in sync than there are', () => {
    expect(() => optionsOf({ ATELIER_KAFKA_MIN_INSYNC_REPLICAS: '2' })).toThrow('at most ATELIER_KAFKA_REPLICATION_FACTOR');
    expect(optionsOf({ ATELIER_KAFKA_REPLICATION_FACTOR: '3', ATELIER_KAFKA_MIN_INSYNC_REPLICAS: '2' })).toMatchObject({ replicationFactor: 3, minInsyncReplicas: 2 });
  });
});

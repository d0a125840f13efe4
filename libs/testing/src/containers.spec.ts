import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { KAFKA_IMAGE, POSTGRES_IMAGE } from './containers';

const imageOf = (file: string, service: string): string | undefined =>
  (parse(readFileSync(join(__dirname, '..', '..', '..', file), 'utf8'), { merge: true }) as { services: Record<string, { image: string }> }).services[service]?.image; // a spec of its own checks these files

describe('the containers of the tests', () => {
  it.each([
    ['docker-compose.yml', 'postgres', POSTGRES_IMAGE],
    ['docker-compose.single.yml', 'postgres', POSTGRES_IMAGE],
    ['docker-compose.yml', 'kafka', KAFKA_IMAGE],
  ])('are those of %s: %s', (file, service, image) => expect(imageOf(file, service)).toBe(image));
});

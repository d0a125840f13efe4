import { getContainerRuntimeClient } from 'testcontainers';
import { PostgreSqlContainer } from '@testcontainers/postgresql';

const POSTGRES_IMAGE = 'postgres:18.1-alpine';

let started: Promise<string> | undefined;

/** Whether a Docker engine answers; without one the probe fails within milliseconds. */
export const hasDocker = (): Promise<boolean> =>
  getContainerRuntimeClient().then(
    () => true,
    () => false,
  );

/** A PostgreSQL container for this test process, or undefined without a Docker engine. Testcontainers removes it when the process ends. */
export const containerPostgres = async (): Promise<string | undefined> => {
  if (!(await hasDocker())) return undefined;
  started ??= new PostgreSqlContainer(POSTGRES_IMAGE).start().then((container) => container.getConnectionUri());
  return started;
};

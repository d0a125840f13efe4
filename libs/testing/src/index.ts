export { testDatabase, testDatabaseUrl } from './test-database';
export { containerPostgres, hasDocker } from './containers';
export { eventually } from './eventually';

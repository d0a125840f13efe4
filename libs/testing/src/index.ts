export { testDatabase, testDatabaseUrl } from './test-database';
export { containerPostgres, hasDocker } from './containers';
export { eventually } from './eventually';
export { type AtelierOptions, type RunningAtelier, atelierMain, removeAtelier, startAtelier } from './running-atelier';

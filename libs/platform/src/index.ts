export { type Clock, newExecutionSid, newSid, systemClock } from './clock';
export { ConfigurationError, oneOf, readConfig, wholeNumber } from './config';
export { type Database, type DatabaseOptions, type Queryable, type Statement, ConnectionLost, QueryRefused, isUniqueViolation, openDatabase } from './database';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres';
export { dataDirFor } from './postgres-files';
export { type NativeKafka, type NativeKafkaOptions, cacheConfig, nativeKafkaProblem, startNativeKafka } from './native-kafka';
export { freePort } from './free-port';
export { type DataFolder, dataFolderConfig, openDataFolder } from './data-folder';
export { type DatabasePart, startDatabase } from './database-part';
export { Parts, type Say } from './parts';
export { type Log, createLog, silentLog } from './logger';
export {
  type HttpCaller, type HttpCallerOptions, type OutboundAnswer, type OutboundFailure, type OutboundRequest, type OutboundResult,
  createHttpCaller, httpCallerConfig, httpCallerOptionsOf,
} from './http-caller';
export { type Measure, type Reading, databaseMetrics, measured, processMetrics } from './metrics';
export { isPublicAddress } from './network-guard';
export { createRegexMatcher } from './regex-matcher';
export { type InternalClient, type InternalClientOptions, INTERNAL_MARK, createInternalClient, internalToken } from './internal-client';
export { NextAnswer } from './next-answer';
export { type Changing, Remembered } from './remembered';
export { type Running, runProcess } from './run-process';
export { credentialsSiteConfig, flowsSiteConfig, serviceConfig } from './service-config';

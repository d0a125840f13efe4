import { readConfig, runProcess } from '@atelier/platform';
import { executionWorkerServiceConfig } from './config';
import { startExecutionWorker } from './execution-worker';

void runProcess(() => startExecutionWorker(readConfig(executionWorkerServiceConfig, process.env), console.log));

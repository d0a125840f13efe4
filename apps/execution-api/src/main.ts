import { readConfig, runProcess } from '@atelier/platform';
import { executionApiConfig } from './config';
import { startExecutionApi } from './execution-api';

void runProcess(() => startExecutionApi(readConfig(executionApiConfig, process.env), console.log));

import { readConfig, runProcess } from '@atelier/platform';
import { flowServiceConfig } from './config';
import { startFlowService } from './flow-service';

void runProcess(() => startFlowService(readConfig(flowServiceConfig, process.env), console.log));

import { readConfig, runProcess } from '@atelier/platform';
import { credentialsServiceConfig } from './config';
import { startCredentialsService } from './credentials-service';

void runProcess(() => startCredentialsService(readConfig(credentialsServiceConfig, process.env), console.log));

import { readConfig, runProcess } from '@atelier/platform';
import { auditServiceConfig } from './config';
import { startAuditService } from './audit-service';

void runProcess(() => startAuditService(readConfig(auditServiceConfig, process.env), console.log));

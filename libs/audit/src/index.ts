export { AuditModule } from './audit.module';
export { AuditStore } from './audit-store';
export { AUDITED_TOPICS, auditServer, consumeAudited } from './audit.consumer';
export { AUDIT_MIGRATIONS } from './migrations';

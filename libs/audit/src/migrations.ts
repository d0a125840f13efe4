import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Records, their number per account, and how far each log was read. Facts, not projections: they are never rebuilt in place. */
export class Audit1795000000200 implements MigrationInterface {
  readonly name = 'Audit1795000000200';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table source_position (log text not null, shard int not null, pos bigint not null, constraint source_position_pk primary key (log, shard))');
    await runner.query('create table audit_head (account text constraint audit_head_pk primary key, seq bigint not null)');
    await runner.query(`create table audit_record (
      account text not null,
      seq bigint not null,
      sid text not null constraint audit_record_sid unique,
      at timestamptz not null,
      event_type text not null,
      actor text,
      resource text not null,
      source_ip text,
      body text not null,
      constraint audit_record_pk primary key (account, seq))`);
    for (const column of ['at', 'event_type, at', 'actor, at', 'resource, at', 'source_ip, at'])
      await runner.query(`create index audit_record_by_${column.split(',')[0]} on audit_record (account, ${column} desc, seq desc)`);
  }

  async down(): Promise<void> {} // migrations only add
}

export const AUDIT_MIGRATIONS = [Audit1795000000200];

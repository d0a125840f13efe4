import { PUBLISHED_POSITION_MIGRATIONS } from '@atelier/bus';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Records, their number per account, and how far each log was read. Facts, not projections: they are never rebuilt in place. */
export class Audit1795000000200 implements MigrationInterface {
  readonly name = 'Audit1795000000200';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table source_position (log text not null, shard int not null, pos bigint not null, constraint source_position_pk primary key (log, shard))');
    await runner.query('create table audit_head (account text constraint audit_head_pk primary key, seq bigint not null)');
    // The public topic's numbers.
    await runner.query('create table audit_log (one boolean constraint audit_log_pk primary key default true check (one), pos bigint not null)');
    await runner.query('insert into audit_log (pos) values (0)');
    await runner.query(`create table audit_record (
      account text not null,
      seq bigint not null,
      pos bigint not null constraint audit_record_pos unique,
      sid text not null constraint audit_record_sid unique,
      at timestamptz not null,
      event_type text not null,
      actor text,
      resource text not null,
      source_ip text,
      hidden boolean not null,
      body text not null,
      constraint audit_record_pk primary key (account, seq))`);
    await runner.query('create index audit_record_by_date on audit_record (account, at desc, seq desc)');
    for (const column of ['event_type', 'actor', 'resource', 'source_ip'])
      await runner.query(`create index audit_record_by_${column} on audit_record (account, ${column}, at desc, seq desc)`);
    await runner.query(`create table dead_letter (
      log text not null,
      shard int not null,
      pos bigint not null,
      parked_at timestamptz not null default now(),
      reason text not null,
      body text not null,
      constraint dead_letter_pk primary key (log, shard, pos))`);
  }

  async down(): Promise<void> {} // migrations only add
}

/** Dead letters have a number to be named by, and whose they are, where that is known: an account looks at its own. */
export class Audit1795000000300 implements MigrationInterface {
  readonly name = 'Audit1795000000300';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table dead_letter add column id bigint generated always as identity constraint dead_letter_id unique, add column account text');
    await runner.query('create index dead_letter_account on dead_letter (account, id)');
  }

  async down(): Promise<void> {} // migrations only add
}

/** What operators have dropped, and who did: for ever, as the records are. */
export class Audit1795000000400 implements MigrationInterface {
  readonly name = 'Audit1795000000400';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table dropped (
      id bigint generated always as identity constraint dropped_pk primary key, at timestamptz not null default now(), item bigint not null,
      who text not null, request text not null, source_ip text, account text, reason text not null, body text not null)`);
  }

  async down(): Promise<void> {} // migrations only add
}

/** For `openDatabase`. */
export const AUDIT_MIGRATIONS = [Audit1795000000200, Audit1795000000300, Audit1795000000400, ...PUBLISHED_POSITION_MIGRATIONS];

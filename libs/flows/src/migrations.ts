import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of the context beside its log. `flow_text` belongs to the log: texts by their SHA-256, referred to by events, never changed. */
export class Flows1795000000100 implements MigrationInterface {
  readonly name = 'Flows1795000000100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table flow_text (sha256 text constraint flow_text_pk primary key, body text not null)`);
    await runner.query(`create table flow (
      sid text constraint flow_pk primary key,
      account_sid text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      latest int not null,
      latest_published int,
      test_users text[] not null default '{}')`);
    await runner.query('create index flow_list on flow (account_sid, updated_at desc, sid desc)');
    await runner.query(`create table flow_revision (
      flow_sid text not null,
      revision int not null,
      account_sid text not null,
      author_sid text,
      status text not null,
      friendly_name text not null,
      commit_message text,
      definition_sha256 text not null,
      report_sha256 text,
      valid boolean not null,
      widgets int not null,
      created_at timestamptz not null,
      constraint flow_revision_pk primary key (flow_sid, revision))`);
  }

  async down(): Promise<void> {} // migrations only add
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tables of the context beside its log. `secret` belongs to the log: written and removed in the transactions of its events, rebuilt from nothing.
 * `vault` knows the master key that the secrets were stored with, without holding it.
 */
export class Credentials1795000000200 implements MigrationInterface {
  readonly name = 'Credentials1795000000200';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table vault (one boolean constraint vault_pk primary key default true check (one), fingerprint text not null)');
    await runner.query(`create table secret (
      sid text constraint secret_pk primary key,
      account_sid text not null,
      hash bytea not null,
      sealed text)`);
    await runner.query(`create table account (
      sid text constraint account_pk primary key,
      owner_sid text not null,
      friendly_name text not null,
      status text not null,
      status_version int not null,
      created_at timestamptz not null,
      updated_at timestamptz not null)`);
    await runner.query('create index account_list on account (owner_sid, created_at desc, sid desc)');
    await runner.query(`create table api_key (
      sid text constraint api_key_pk primary key,
      account_sid text not null,
      friendly_name text not null,
      region text not null,
      studio_generation int,
      created_at timestamptz not null,
      updated_at timestamptz not null)`);
    await runner.query('create index api_key_list on api_key (account_sid, updated_at desc, sid desc)');
    await runner.query('create index api_key_studio on api_key (account_sid, region, studio_generation) where studio_generation is not null');
  }

  async down(): Promise<void> {} // migrations only add
}

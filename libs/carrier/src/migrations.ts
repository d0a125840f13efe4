import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages, webhooks that are still to be delivered, numbers, and faults on request. */
export class Carrier1795000000300 implements MigrationInterface {
  readonly name = 'Carrier1795000000300';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table message (
      sid text constraint message_pk primary key,
      n bigint generated always as identity,
      account text not null,
      direction text not null,
      sender text,
      recipient text not null,
      service text,
      body text not null,
      media text not null,
      segments int not null,
      status text not null,
      final_status text not null,
      error_code int,
      created_at timestamptz not null,
      sent_at timestamptz,
      updated_at timestamptz not null) with (fillfactor = 80)`); // a message's state changes once: in place
    await runner.query('create index message_list on message (account, n desc)');
    await runner.query('create index message_by_recipient on message (account, recipient, n desc)');
    await runner.query('create index message_by_sender on message (account, sender, n desc)');
    await runner.query(`create table delivery (
      message text constraint delivery_pk primary key,
      kind text not null,
      url text not null,
      method text not null,
      due_at timestamptz not null)`);
    await runner.query(`create table phone_number (
      sid text constraint phone_number_pk primary key,
      account text not null,
      phone_number text not null,
      friendly_name text not null,
      settings text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      constraint phone_number_once unique (account, phone_number))`);
    await runner.query(`create table fault (
      id bigint generated always as identity constraint fault_pk primary key,
      account text not null,
      kind text not null,
      recipient text,
      remaining int not null,
      http_status int not null,
      error_code int not null,
      delay_ms int not null)`);
  }

  async down(): Promise<void> {} // migrations only add
}

/** For `openDatabase`. Every access is by key, so one plan is right for ever, and none may read a table whole because that was small when the plan was made. */
export const CARRIER_DATABASE = {
  schema: 'carrier',
  migrations: [Carrier1795000000300],
  parameters: { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off', jit: 'off' },
};

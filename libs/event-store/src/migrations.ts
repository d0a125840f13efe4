import { PUBLISHED_POSITION_MIGRATIONS } from '@atelier/bus';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The log of a low-rate context: its events, and one head row that numbers them. */
export class EventStore1795000000000 implements MigrationInterface {
  readonly name = 'EventStore1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table event (
      position bigint constraint event_pk primary key,
      id uuid not null constraint event_id unique,
      stream text not null,
      version int not null,
      type text not null,
      at timestamptz not null,
      meta text not null,
      data text not null,
      constraint event_stream unique (stream, version))`);
    await runner.query('create table event_head (one boolean constraint event_head_pk primary key default true check (one), position bigint not null)');
    await runner.query('insert into event_head (position) values (0)');
  }

  async down(): Promise<void> {} // migrations only add
}

/** To be run before the context's own. */
export const EVENT_STORE_MIGRATIONS = [EventStore1795000000000, ...PUBLISHED_POSITION_MIGRATIONS] as const;

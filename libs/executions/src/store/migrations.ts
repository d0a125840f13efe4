import { PUBLISHED_POSITION_MIGRATIONS } from '@atelier/bus';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export const SHARDS = 64; // fixed for the life of a store: claims, positions and topics are numbered by it

const TABLES = [
  `create table command_head (shard smallint constraint command_head_pk primary key, next bigint not null default 0) with (fillfactor = 10)`,
  `insert into command_head (shard) select generate_series(0, ${SHARDS - 1})`,
  `create table command (
    shard smallint not null, pos bigint not null, accepted_at timestamptz not null default now(), kind smallint not null,
    execution uuid, body text not null,
    constraint command_pk primary key (shard, pos))`,
  // Webhooks and triggers, 24 h; execution: what a trigger started, so that its repetition can name it.
  `create table seen (input uuid constraint seen_pk primary key, at timestamptz not null default now(), execution uuid)`,
  `create index seen_at on seen (at)`,
  `create table claim (key uuid constraint claim_pk primary key, execution uuid not null, shard smallint not null) with (fillfactor = 80)`,
  `create index claim_execution on claim (execution)`,
  // Fence and position in one insert-only row (W2).
  `create table batch (
    shard smallint not null, n bigint not null, last_pos bigint not null, command_pos bigint not null, epoch int not null,
    at timestamptz not null, constraint batch_pk primary key (shard, n))`,
  // pos: of the last public event of the sprint; events: how many it has. body: its events as JSON, blank after a deletion.
  `create table sprint (
    execution uuid not null, version int not null, shard smallint not null, pos bigint not null, events smallint not null,
    at timestamptz not null, engine smallint not null, body text not null,
    constraint sprint_pk primary key (execution, version)) partition by range (execution)`,
  `create table sprint_other partition of sprint default`,
  `create index sprint_log on sprint (shard, pos)`,
  // contact and address are written as inside of a JSON string: clients may send what a text column cannot hold. snapshot: version to fold from.
  `create table execution (
    sid uuid not null, account uuid not null, flow uuid not null, contact text not null, address text not null, revision int not null,
    initiated_by text not null, status smallint not null, reason smallint, shard smallint not null, snapshot int not null,
    created_at timestamptz not null, updated_at timestamptz not null,
    constraint execution_pk primary key (sid)) partition by range (sid)`,
  `create table execution_other partition of execution default`,
  `create index execution_list on execution (flow, sid desc)`,
  `create index execution_active on execution (flow, sid desc) where status = 0`,
  // Open ones only. attempts: how often it was marked.
  `create table effect (
    shard smallint not null, execution uuid not null, step int not null, kind smallint not null, account uuid not null,
    epoch int not null, attempted_at timestamptz, attempts smallint not null default 0,
    constraint effect_pk primary key (shard, execution, step))`,
  `create table timer (
    shard smallint not null, due_at timestamptz not null, execution uuid not null, step int not null,
    constraint timer_pk primary key (shard, due_at, execution, step))`,
  // tried, tries: the input in hand of a shard that was not handed over cleanly (A12).
  `create table lease (
    shard smallint constraint lease_pk primary key, owner text, epoch int not null default 0, until timestamptz not null default '-infinity',
    published bigint not null default 0, tried text, tries smallint not null default 0) with (fillfactor = 10)`,
  `insert into lease (shard) select generate_series(0, ${SHARDS - 1})`,
  // Workers that live: how many share the shards.
  `create table worker (id text constraint worker_pk primary key, until timestamptz not null)`,
  `create table parked (
    id bigint generated always as identity constraint parked_pk primary key, shard smallint not null, pos bigint, at timestamptz not null default now(),
    reason text not null, body text not null)`,
  `create table trigger_head (shard smallint constraint trigger_head_pk primary key, next bigint not null default 0) with (fillfactor = 10)`,
  `insert into trigger_head (shard) values (0)`,
  `create table trigger_result (
    shard smallint not null, pos bigint not null, at timestamptz not null, body text not null, constraint trigger_result_pk primary key (shard, pos))`,
  // How far other contexts' logs were read, and what of them nobody could handle (A3).
  `create table source_position (consumer text not null, log text not null, shard smallint not null, pos bigint not null default 0,
    constraint source_position_pk primary key (consumer, log, shard))`,
  `create table dead_letter (
    id bigint generated always as identity constraint dead_letter_pk primary key, at timestamptz not null default now(),
    consumer text not null, log text not null, shard smallint not null, pos bigint not null, reason text not null, body text not null)`,
];

/** The store of the hot path: inbox, log, rows, what is open, and who owns what. The statements beside it say how it is used. */
export class Executions1795000000200 implements MigrationInterface {
  readonly name = 'Executions1795000000200';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(table);
  }

  async down(): Promise<void> {} // migrations only add
}

const OPERATIONS = [
  // Whose it is, so that an account may look at its own. Empty: for operators alone.
  `alter table parked add column account uuid`,
  `create index parked_account on parked (account, id)`,
  `alter table dead_letter add column account text`,
  `create index dead_letter_account on dead_letter (account, id)`,
  // Trigger records that came while too many inputs of their account were waiting, in their order.
  `create table deferred_trigger (
    id bigint generated always as identity constraint deferred_trigger_pk primary key, at timestamptz not null default now(), account text not null, body text not null)`,
  `create index deferred_trigger_turn on deferred_trigger (account, id)`,
  // Who enters them: one door at a time.
  `create table deferral (one boolean constraint deferral_pk primary key default true check (one), owner text, until timestamptz not null default '-infinity')`,
  `insert into deferral default values`,
];

/** What operators and fairness need. */
export class Executions1795000000300 implements MigrationInterface {
  readonly name = 'Executions1795000000300';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of OPERATIONS) await runner.query(statement);
  }

  async down(): Promise<void> {} // migrations only add
}

/** What people have dropped, and who: an input that was acknowledged does not vanish without a trace. */
export class Executions1795000000400 implements MigrationInterface {
  readonly name = 'Executions1795000000400';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table dropped (
      id bigint generated always as identity constraint dropped_pk primary key, at timestamptz not null default now(), kind text not null, item bigint not null,
      who text not null, request text not null, source_ip text, account text, reason text not null, body text not null)`);
    await runner.query('create index dropped_at on dropped (at)');
  }

  async down(): Promise<void> {} // migrations only add
}

export const EXECUTIONS_MIGRATIONS = [Executions1795000000200, Executions1795000000300, Executions1795000000400, ...PUBLISHED_POSITION_MIGRATIONS];

/**
 * Parameters of the connections. Every access is by key, so one plan is right for ever; a plan made while a table was empty must not read it
 * whole when it has grown. Nested loops remain where a lateral query leaves nothing else; sets from parameters are joined by hash.
 */
export const EXECUTIONS_PARAMETERS = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_nestloop: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
} as const;

/** The context's tables as everybody opens them. */
export const EXECUTIONS_DATABASE = { schema: 'executions', migrations: EXECUTIONS_MIGRATIONS, parameters: EXECUTIONS_PARAMETERS } as const;

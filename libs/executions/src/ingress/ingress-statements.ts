import type { Statement } from '@atelier/platform';
import { texts } from '../store/columns';
import { COMMAND_KIND } from './stored-command';

/**
 * Each is one statement, so that claim, memory of the input, position and command are stored together or not at all (A1), and in the same order
 * (seen, claim, head), so that two of them never wait for each other. Positions come from a head row per shard, locked until the commit.
 */
const RANKED = (source: string): string => `
  ranked as (select r.*, row_number() over (partition by shard order by n) r, count(*) over (partition by shard) c from ${source} r),
  head as (update command_head h set next = h.next + x.c from (select distinct shard, c from ranked order by shard) x where h.shard = x.shard
    returning h.shard, h.next - x.c as base),
  placed as (select k.*, head.base + k.r as pos from ranked k join head using (shard))`;
const ENTERED = (kind: number): string => `
  entered as (insert into command (shard, pos, kind, execution, body) select shard, pos, ${kind}, execution, body from placed)
select n::int, shard, pos from placed`;

/** $1 claims, $2 executions, $3 shards, $4 bodies. Answers the numbers (from 1) of those who won their claim. */
export const ENTER_CREATES: Statement = {
  name: 'executions.enter-creates',
  text: `with input as (select * from rows from (unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::smallint[]), unnest(${texts(4)})) with ordinality t (key, execution, shard, body, n)),
  won as (insert into claim (key, execution, shard) select key, execution, shard from input order by key on conflict (key) do nothing returning execution),
  winner as (select i.* from input i join won using (execution)),
  ${RANKED('winner')},
  ${ENTERED(COMMAND_KIND.create)}`,
};

/** $1 inputs, then as creates. Answers winners, and for repeated inputs the execution that the first one started. */
export const ENTER_TRIGGERS: Statement = {
  name: 'executions.enter-triggers',
  text: `with input as (select * from rows from (unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::smallint[]), unnest(${texts(5)})) with ordinality t (input, key, execution, shard, body, n)),
  known as (select i.*, (select s.execution from seen s where s.input = i.input) as first from input i),
  won as (insert into claim (key, execution, shard) select key, execution, shard from known where first is null order by key on conflict (key) do nothing returning execution),
  winner as (select i.* from input i join won using (execution)),
  kept as (insert into seen (input, execution) select input, execution from winner order by input),
  ${RANKED('winner')},
  entered as (insert into command (shard, pos, kind, execution, body) select shard, pos, ${COMMAND_KIND.create}, execution, body from placed)
select n::int, shard, pos, null::uuid as first from placed union all select n::int, shard, 0, first from known where first is not null`,
};

/** $1 inputs, $2 and $3 claims (the second may be null), $4 shards at birth, $5 bodies. Answers those not seen before. */
export const ENTER_MESSAGES: Statement = {
  name: 'executions.enter-messages',
  text: `with input as (select * from rows from (unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::smallint[]), unnest(${texts(5)})) with ordinality t (input, key, other, birth, body, n)),
  fresh as (insert into seen (input) select input from input order by input on conflict (input) do nothing returning input),
  routed as (select i.n, i.body, c.execution, coalesce(c.shard, i.birth) as shard from (select distinct on (input) * from input order by input, n) i join fresh using (input)
    left join lateral (select execution, shard from claim c where c.key in (i.key, i.other) order by c.key = i.key desc limit 1) c on true),
  ${RANKED('routed')},
  ${ENTERED(COMMAND_KIND.message)}`,
};

/** $1 inputs (null: may be repeated), $2 executions, $3 accounts, $4 bodies. Answers number, and shard and position where the input was entered. */
export const ENTER_COMMANDS: Statement = {
  name: 'executions.enter-commands',
  text: `with input as (select * from rows from (unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest(${texts(4)})) with ordinality t (input, execution, account, body, n)),
  routed as (select i.*, coalesce((select e.shard from execution e where e.sid = i.execution and e.account = i.account),
    (select c.shard from claim c where c.execution = i.execution and not exists (select from execution e where e.sid = i.execution) limit 1)) as shard from input i),
  fresh as (insert into seen (input) select distinct input from routed where input is not null and shard is not null order by input on conflict (input) do nothing returning input),
  taken as (select n, shard, execution, body from routed where shard is not null and input is null
    union all select distinct on (input) n, shard, execution, body from (select r.* from routed r join fresh using (input) where r.shard is not null order by input, n) f),
  ${RANKED('taken')},
  entered as (insert into command (shard, pos, kind, execution, body) select shard, pos, ${COMMAND_KIND.input}, execution, body from placed)
select n::int, shard, pos from placed union all select n::int, shard, 0 from routed r where r.shard is null
  union all select n::int, shard, -1 from routed r where r.shard is not null and r.input is not null and not exists (select from fresh f where f.input = r.input)`,
};

/** $1 claims: who holds them. */
export const CLAIM_HOLDERS: Statement = { name: 'executions.claim-holders', text: 'select key, execution from claim where key = any($1::uuid[])' };

import { Client } from 'pg';

const ROW_BYTES = 1_024;
const SECONDS = 3;

/** Rows a second that this PostgreSQL appends durably, one commit after the other on one connection, at this many rows a commit. */
export const appendRate = async (url: string, rowsPerCommit: number): Promise<number> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('drop table if exists bench_append; create table bench_append (id bigint generated always as identity primary key, body text not null)');
  const bodies = Array.from({ length: rowsPerCommit }, (_, i) => `${i}`.padEnd(ROW_BYTES, 'x'));
  const started = performance.now();
  let rows = 0;
  while (performance.now() - started < SECONDS * 1_000) {
    await client.query({ name: 'append', text: 'insert into bench_append (body) select * from unnest($1::text[])', values: [bodies] });
    rows += rowsPerCommit;
  }
  const seconds = (performance.now() - started) / 1_000;
  await client.query('drop table bench_append');
  await client.end();
  return rows / seconds;
};

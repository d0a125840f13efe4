import { createHash } from 'node:crypto';
import type { AccountSid, ExecutionSid, FlowSid } from '@atelier/contracts';
import { SHARDS } from '../store/migrations';

/** 128 bits as 32 hexadecimal digits: the first half of a SHA-256 over the parts, which no part can imitate. */
const keyOf = (...parts: readonly string[]): string => createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);

/** What one active execution of a contact holds (invariant A6). */
export const claimKey = (account: AccountSid, flow: FlowSid, contact: string, address: string): string => keyOf('claim', account, flow, contact, address);

/** What makes a repeated webhook or trigger recognisable. */
export const inputKeyOf = (account: AccountSid, inputKey: string): string => keyOf('input', account, inputKey);

/** The shard at birth: all executions of a contact in a flow live on one, so its inputs keep their order. FNV-1a, then mixed down. */
export const shardOf = (account: AccountSid, flow: FlowSid, contact: string): number => {
  let hash = 0x811c9dc5;
  const text = `${account}${flow}${contact}`;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  return (Math.imul(hash, 0x2c1b3c6d) >>> 16) % SHARDS;
};

/** When an execution was started: the first 48 bits of its SID. */
export const startedAtMs = (execution: ExecutionSid): number => parseInt(execution.slice(2, 14), 16);

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '@atelier/platform';
import type { OwnerData } from './execution-owner';

const RESTART_MS = 1_000;
const STOP_MS = 15_000; // a batch in hand and effects on their way end sooner; what is left is reconciled by the next owner

/** The execution worker in a thread of its own. One that dies is started again; its shards are free once its leases run out. */
export const startOwnerThread = async (data: OwnerData, log: Log): Promise<{ stop(): Promise<void> }> => {
  let current = await started(data);
  let stopping = false;
  const watch = (thread: Worker): void => {
    thread.once('error', (error: unknown) => log.error({ error: String(error) }, 'the execution worker died'));
    thread.once('exit', () => void again());
  };
  const again = async (): Promise<void> => {
    while (!stopping) {
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      if (stopping) return;
      try {
        current = await started(data);
        log.warn({}, 'the execution worker was started again');
        return watch(current);
      } catch (error) {
        log.error({ error: String(error) }, 'the execution worker could not be started again; trying on');
      }
    }
  };
  watch(current);
  return {
    stop: async () => {
      stopping = true;
      await stopped(current);
    },
  };
};

const started = (workerData: OwnerData): Promise<Worker> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(join(__dirname, 'execution-owner.thread.js'), { workerData });
    const early = (code: number): void => reject(new Error(`the execution worker ended with ${code} while it started`));
    thread.once('error', reject);
    thread.once('exit', early);
    thread.once('message', () => {
      thread.off('error', reject);
      thread.off('exit', early);
      resolve(thread);
    });
  });

const stopped = (thread: Worker): Promise<void> =>
  new Promise((resolve) => {
    const late = setTimeout(() => void thread.terminate(), STOP_MS);
    thread.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
    thread.postMessage('stop');
  });

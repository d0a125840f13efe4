import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Fault } from '@atelier/contracts';
import type { Log } from '@atelier/platform';
import type { Metrics } from '@atelier/rest-kit';
import type { OwnerData } from './execution-owner';

const RESTART_MS = 1_000;
const STOP_MS = 15_000; // a batch in hand and effects on their way end sooner; what is left is reconciled by the next owner

const METRICS_MS = 2_000; // a thread that has not answered by then decides, and is asked the next time

/** The execution worker in a thread of its own. `metrics`: its figures, asked for; rejects while it does not answer. */
export type OwnerThread = { metrics(): Promise<Metrics>; stop(): Promise<void> };

/** What the thread is told. */
export type OwnerCommand = 'stop' | { readonly tellMetricsTo: MessagePort };

/** Starts it. One that dies is started again; its shards are free once its leases run out. */
export const startOwnerThread = async (data: OwnerData, log: Log): Promise<OwnerThread> => {
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
    metrics: () => metricsOf(current),
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

const metricsOf = (thread: Worker): Promise<Metrics> =>
  new Promise((resolve, reject) => {
    const { port1: answers, port2: tellMetricsTo } = new MessageChannel();
    const end = (): void => {
      clearTimeout(late);
      answers.close();
    };
    const late = setTimeout(() => {
      end();
      reject(new Fault(`the execution worker did not tell its figures within ${METRICS_MS} ms`));
    }, METRICS_MS);
    answers.once('message', (metrics: Metrics) => {
      end();
      resolve(metrics);
    });
    thread.postMessage({ tellMetricsTo } satisfies OwnerCommand, [tellMetricsTo]);
  });

const stopped = (thread: Worker): Promise<void> =>
  new Promise((resolve) => {
    const late = setTimeout(() => void thread.terminate(), STOP_MS);
    thread.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
    thread.postMessage('stop' satisfies OwnerCommand);
  });

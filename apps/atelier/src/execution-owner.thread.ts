/** The thread of the execution worker: says when it is ready, and ends when it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { type OwnerData, startExecutionOwner } from './execution-owner';

const run = async (): Promise<void> => {
  const stop = await startExecutionOwner(workerData as OwnerData); // given by `startOwnerThread` alone
  parentPort?.once('message', () => {
    void stop().finally(() => parentPort?.close());
  });
  parentPort?.postMessage('ready');
};

run().catch((error: unknown) => {
  throw error; // ends the thread; the main thread sees why
});

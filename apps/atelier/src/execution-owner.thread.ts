/** The thread of the execution worker: says when it is ready, tells its figures when it is asked, and ends when it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { type OwnerData, startExecutionOwner } from './execution-owner';
import type { OwnerCommand } from './owner-thread';

const run = async (): Promise<void> => {
  const owner = await startExecutionOwner(workerData as OwnerData); // given by `startOwnerThread` alone
  parentPort?.on('message', (command: OwnerCommand) => {
    if (command === 'stop') void owner.stop().finally(() => parentPort?.close());
    else void owner.metrics().then((metrics) => command.tellMetricsTo.postMessage(metrics));
  });
  parentPort?.postMessage('ready');
};

run().catch((error: unknown) => {
  throw error; // ends the thread; the main thread sees why
});

/**
 * Preloaded into every process of the cluster (`node --require`): whoever started it is gone, so it ends itself in order, and by force where
 * that takes too long. A supervisor that was killed by -9 leaves nothing running this way.
 */
import { isMainThread } from 'node:worker_threads';

const GRACE_MS = 10_000; // a batch in hand ends sooner

if (isMainThread && process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  process.channel.unref(); // the channel itself keeps nobody alive
}

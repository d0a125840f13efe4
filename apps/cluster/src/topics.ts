/** npm run topics: makes and repairs the topics on the Kafka of ATELIER_KAFKA_BROKERS, and says what it did and what is there. */
import { createLog, runProcess } from '@atelier/platform';
import { topicsCommand } from './topics-command';

const main = async (): Promise<never> => {
  console.log(await topicsCommand(process.env, createLog('topics', 'warn')));
  process.exit(0);
};

void runProcess(main);

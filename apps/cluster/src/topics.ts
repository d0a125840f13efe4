/** npm run topics, and the service `topics` of docker-compose.yml: makes and repairs the topics on ATELIER_KAFKA_BROKERS, says what it did and what is there. */
import { createLog, runProcess } from '@atelier/platform';
import { topicsCommand } from './topics-command';

const main = async (): Promise<never> => {
  console.log(await topicsCommand(process.env, createLog('topics', 'warn')));
  process.exit(0);
};

void runProcess(main);

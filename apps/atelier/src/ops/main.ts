/**
 * npm run ops -- parked list | show ID… | retry ID… | drop ID…
 * npm run ops -- dead-letters list | show ID… | redrive ID… | drop ID…
 * Options: --url ORIGIN, --data DIR, --limit N, --json. For the one process and for the cluster: both have one origin.
 */
import { runProcess } from '@atelier/platform';
import { accessOf } from './access';
import { commandOf } from './command';
import { perform } from './perform';

const main = async (): Promise<never> => {
  const command = commandOf(process.argv.slice(2));
  await perform(command, accessOf(command, process.env), console.log);
  process.exit(0);
};

void runProcess(main);

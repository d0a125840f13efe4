import { Fault } from '@atelier/contracts';
import { ConfigurationError, readConfig } from '@atelier/platform';
import { startAtelier } from './atelier';
import { atelierConfig } from './config';

const main = async (): Promise<void> => {
  const config = readConfig(atelierConfig, process.env);
  const { url, folder, stop } = await startAtelier(config, console.log);
  console.log(`\nAtelier is ready at ${url}\nAccount ${folder.accountSid}, its auth token lies in ${folder.accountFile}`);
  let stopping = false;
  const leave = (): void => {
    if (stopping) return;
    stopping = true;
    stop().then(() => process.exit(0), fatal);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, leave);
};

// A wrong setting or a failing world is one clear text; our own fault shows where it happened.
const fatal = (error: unknown): void => {
  const text = error instanceof Error ? error.message : String(error);
  const isExpected = error instanceof ConfigurationError || error instanceof Fault;
  console.error(isExpected || !(error instanceof Error) ? text : error.stack);
  process.exit(1);
};

main().catch(fatal);

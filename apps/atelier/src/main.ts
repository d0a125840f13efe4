import { type Running, readConfig, runProcess } from '@atelier/platform';
import { startAtelier } from './atelier';
import { atelierConfig } from './config';

const start = async (): Promise<Running> => {
  const { url, folder, stop } = await startAtelier(readConfig(atelierConfig, process.env), console.log);
  console.log(`\nAtelier is ready at ${url}\nAccount ${folder.accountSid}, its auth token lies in ${folder.accountFile}`);
  return { stop };
};

void runProcess(start);

import { Fault } from '@atelier/contracts';
import { ConfigurationError } from './config';

/** What was started, and how it leaves in order. */
export type Running = { stop(): Promise<void> };

/**
 * The life of a process: it starts, and at SIGTERM or SIGINT finishes what it has in hand and ends with 0. Where the start or the end fails, with 1 and
 * one clear text: a wrong setting or a failing world needs no stack, our own fault shows where it happened.
 */
export const runProcess = async (start: () => Promise<Running>): Promise<void> => {
  try {
    const { stop } = await start();
    await asked();
    await stop();
    process.exit(0);
  } catch (error) {
    console.error(textOf(error));
    process.exit(1);
  }
};

// The first signal counts; more of them change nothing, and SIGKILL is for those who cannot wait.
const asked = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });

const textOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error instanceof ConfigurationError || error instanceof Fault ? error.message : (error.stack ?? error.message);
};

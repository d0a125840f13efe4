import { readConfig, runProcess } from '@atelier/platform';
import { carrierConfig } from './config';
import { startCarrier } from './carrier';

void runProcess(() => startCarrier(readConfig(carrierConfig, process.env), console.log));

// The library's version, and its clock.

import { lib } from './library.js';

export const version = lib.version();

export const time = () => Number(lib.time_us()) / 1000;

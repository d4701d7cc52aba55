// The library's log, of engines and of room servers.

import { CONSTANTS } from './header.js';
import { lib, must, numberOfWord } from './library.js';

/** By a callback it would enter Node from a thread of the library's, so that it goes to standard error alone. */
export function setLog(level) {
  must(lib.log_set(numberOfWord('level', level, CONSTANTS.LOG), null, null, null));
}

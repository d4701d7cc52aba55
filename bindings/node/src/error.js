// What fails, with the library's own sentence.

import { CONSTANTS } from './header.js';

const NAMES = Object.fromEntries(Object.entries(CONSTANTS.STATUS).map(([name, status]) => [status, `STOA_${name}`]));

export class StoaError extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
    this.code = NAMES[status] ?? `STOA_STATUS_${status}`;
  }

  get name() {
    return 'StoaError';
  }
}

/** A call of another user's method failed. Thrown by a registered method, it is what the caller gets. */
export class RpcError extends StoaError {
  constructor(rpcCode, sentence, status = CONSTANTS.STATUS.ERROR_REFUSED) {
    super(status, sentence);
    this.rpcCode = rpcCode;
  }

  get name() {
    return 'RpcError';
  }
}

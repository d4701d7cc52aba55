// Descriptors of the library on the event loop, which looks whether they are readable and never reads them.

import koffi from 'koffi';

const libc = koffi.load(null);
const dup = libc.func('int dup(int descriptor)');
const close = libc.func('int close(int descriptor)');

export class Watch {
  #poll = null;
  #descriptor;

  /** descriptor: the library's. ready: called again and again while it is readable and this is started. */
  constructor(descriptor, ready) {
    this.descriptor = descriptor;
    this.ready = ready;
  }

  /** From now on the process stays alive, and so does what `ready` holds. */
  start() {
    if (this.#poll) return;
    // One of its own: two streams of one user have one descriptor, which the loop watches once and the library may close.
    this.#descriptor = dup(this.descriptor);
    if (this.#descriptor < 0) throw new Error('the process has no more descriptors: close what is not used');
    // koffi calls back beneath Node, without its promises and exceptions; in the same turn of the loop Node has them.
    this.#poll = koffi.node.poll(this.#descriptor, () => setImmediate(() => this.#poll && this.ready()));
  }

  stop() {
    if (!this.#poll) return;
    this.#poll.close();
    this.#poll = null;
    close(this.#descriptor);
  }
}

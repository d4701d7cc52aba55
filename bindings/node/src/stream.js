// A stream: the sound of one other user, or of all of them mixed.

import koffi from 'koffi';

import { StoaError } from './error.js';
import { CONSTANTS, FRAME_SAMPLES_MAX, wordsOf } from './header.js';
import { TYPES, lib, memoryOf, must, numberOf, statsOf } from './library.js';
import { Watch } from './watch.js';

const { OK, TIMED_OUT, END_OF_STREAM, ERROR_BUSY } = CONSTANTS.STATUS;
const ORIGINS = wordsOf('ORIGIN');
const SPEECH = wordsOf('SPEECH');

const forgotten = new FinalizationRegistry((handle) => lib.stream_free(handle));

export class Stream {
  #handle;
  #signal;
  #watch;
  #wake = null; // of the read that waits
  #samples = new Int16Array(2 * FRAME_SAMPLES_MAX);
  #memory = memoryOf(TYPES.stoa_frame);
  #last = null; // what it has counted, once it is closed

  constructor(handle, user, { signal } = {}) {
    this.#handle = handle;
    this.#signal = signal;
    this.user = user;
    forgotten.register(this, handle, this);
    this.#watch = new Watch(numberOf(lib.stream_descriptor, Int32Array, handle), () => this.#wake?.());
  }

  get closed() {
    return this.#last !== null;
  }

  get dropped() {
    return this.#last ? this.#last.dropped : numberOf(lib.stream_dropped, BigUint64Array, this.#handle);
  }

  get readable() {
    return this.closed ? 0 : numberOf(lib.stream_readable, BigUint64Array, this.#handle);
  }

  async read({ signal = this.#signal } = {}) {
    if (this.#wake) throw new StoaError(ERROR_BUSY, 'another read of this stream waits: let one read, and hand the frames on');
    for (;;) {
      signal?.throwIfAborted();
      if (this.closed) return null;
      const status = must(lib.stream_read(this.#handle, 0, this.#samples, FRAME_SAMPLES_MAX, this.#memory));
      if (status === OK) return this.#frame();
      if (status === END_OF_STREAM) this.close();
      if (status === TIMED_OUT) await this.#news(signal);
    }
  }

  stats() {
    return this.#last ? this.#last.stats : statsOf(lib.stream_get_stats, TYPES.stoa_stream_stats, this.#handle);
  }

  close() {
    if (this.closed) return;
    this.#last = { dropped: this.dropped, stats: this.stats() };
    forgotten.unregister(this);
    must(lib.stream_free(this.#handle));
    this.#wake?.();
  }

  /** Ends with the stream; who breaks off, or whose signal is aborted, closes it. */
  async *[Symbol.asyncIterator]() {
    try {
      for (let frame; (frame = await this.read()); ) yield frame;
    } finally {
      this.close();
    }
  }

  [Symbol.dispose]() {
    this.close();
  }

  /** The loop watches no longer than somebody waits, so that it may end, and what comes meanwhile wakes nobody. */
  #news(signal) {
    return new Promise((resolve) => {
      this.#watch.start();
      this.#wake = () => {
        this.#watch.stop();
        signal?.removeEventListener('abort', this.#wake);
        this.#wake = null;
        resolve();
      };
      signal?.addEventListener('abort', this.#wake);
    });
  }

  #frame() {
    const frame = koffi.decode(this.#memory, TYPES.stoa_frame);
    return {
      pcm: this.#samples.slice(0, frame.samples_per_channel * frame.channels),
      samplesPerChannel: frame.samples_per_channel,
      sampleRate: frame.sample_rate,
      channels: frame.channels,
      origin: ORIGINS[frame.origin],
      time: frame.timestamp_us / 1000,
      arrival: frame.arrival_us / 1000,
      rtpTime: frame.rtp_time,
      level: frame.level,
      voiceProbability: frame.voice_probability,
      speech: SPEECH[frame.speech],
    };
  }
}

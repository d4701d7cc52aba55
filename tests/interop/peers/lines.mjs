// What puppets in Node share: tests/interop/puppet.rs says how they are told what to do, tests/interop/features.rs what there is to do.

import { createInterface } from 'node:readline';

const oneLine = (word) => String(word).replace(/[\r\n]+/g, ' ');

export function say(...words) {
  process.stdout.write(words.map(oneLine).join('\t') + '\n');
}

const late = (ms) => new Promise((_, reject) => setTimeout(() => reject(new Error(`not done in ${ms} ms`)), ms).unref());

/** Obeys lines until there are no more. A command is a function; one that throws { none: reason } is not for this client. */
export async function obey(commands) {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const [name, ...words] = line.split('\t');
    try {
      say('ok', ...((await Promise.race([commands[name](...words), late(25000)])) ?? []));
    } catch (error) {
      error.none ? say('none', error.none) : say('failed', error.stack ?? error);
    }
  }
}

// The loaded library: its functions, with what is passed to them looked at first, and what they write as values of JavaScript.

import koffi from 'koffi';

import { StoaError } from './error.js';
import { FUNCTIONS } from './functions.js';
import { CONSTANTS, STRUCTS } from './header.js';

const { ERROR_BUFFER_TOO_SMALL } = CONSTANTS.STATUS;

const whole = (least, most) => (value) => Number.isInteger(value) && value >= least && value <= most;

// koffi takes a number for an address, lets one that is too large wrap, and cuts texts at a zero byte.
const KINDS = {
  'const char *': ['a string without a zero byte', (value) => value == null || (typeof value === 'string' && !value.includes('\0'))],
  int32_t: ['a whole number of 32 bits', whole(-(2 ** 31), 2 ** 31 - 1)],
  uint32_t: ['a whole number from 0 to 4294967295', whole(0, 2 ** 32 - 1)],
  uint64_t: ['a whole number from 0', (value) => typeof value === 'bigint' || whole(0, Number.MAX_SAFE_INTEGER)(value)],
  double: ['a number', (value) => typeof value === 'number'],
};

function check(kind, name, value) {
  const [wanted, fits] = KINDS[kind] ?? [];
  if (fits && !fits(value)) throw new TypeError(`${name} is to be ${wanted}, not ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`);
}

/** "uint32_t level" as its kind and its name. */
const declared = (text) => text.match(/^(.*?) ?(\w+)$/s).slice(1);

export const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

koffi.alias('stoa_status', 'int32_t');
for (const noun of ['engine', 'channel', 'stream', 'server']) koffi.opaque(`stoa_${noun}`);

const MEMBERS = {};
export const TYPES = {};
for (const [name, text] of Object.entries(STRUCTS)) {
  MEMBERS[name] = text.split(';').slice(0, -1).map((line) => declared(line.trim()));
  TYPES[name] = koffi.struct(name, Object.fromEntries(MEMBERS[name].map(([kind, member]) => [member, kind])));
}

function load() {
  const named = process.env.STOA_LIB;
  try {
    return koffi.load(named ?? 'libstoa.so.0');
  } catch (error) {
    throw new Error(
      "libstoa.so was not found: install it (`make install` in Stoa's sources, as root), or set STOA_LIB to its path " +
        `(${error.message})`,
    );
  }
}

/** The functions of the library without their "stoa_". Each has another one, async, that runs on a thread of libuv's pool. */
export const lib = {};
const library = load();
for (const prototype of FUNCTIONS.replace(/\s+/g, ' ').split(';').slice(0, -1)) {
  const [, result, name, inside] = prototype.match(/^ (.*?) ?(\w+)\((.*)\)$/);
  const parameters = inside === 'void' ? [] : inside.split(', ').map(declared);
  // What the library writes goes into memory of ours.
  const kinds = parameters.map(([kind, parameter]) => (/^(out_|buffer|samples|data$)|callback|_free$/.test(parameter) ? 'void *' : kind));
  const native = library.func(name, result, kinds);
  const checked = (call) => (...values) => {
    parameters.forEach(([kind, parameter], index) => check(kind, camel(parameter), values[index]));
    return call(...values);
  };
  const waited = (...values) =>
    new Promise((resolve, reject) => native.async(...values, (error, status) => (error ? reject(error) : resolve(status))));
  lib[name.slice('stoa_'.length)] = Object.assign(checked(native), { async: checked(waited) });
}

/** Passes on a status that is no error. It has to follow its call at once: the sentence is that of the thread's last error. */
export function must(status) {
  if (status < 0) throw new StoaError(status, lib.last_error());
  return status;
}

/** The same after a call on another thread, whose sentence the handle has: lastError is lib.channel_last_error or its like. */
export function mustOf(status, lastError, handle) {
  if (status < 0) throw new StoaError(status, textOf(lastError, handle));
  return status;
}

/** The text that a function writes into (buffer, capacity, out_length), its last three arguments. */
export function textOf(call, ...values) {
  const length = new BigUint64Array(1);
  const status = call(...values, null, 0, length);
  if (status !== ERROR_BUFFER_TOO_SMALL) must(status);
  const buffer = Buffer.alloc(Number(length[0]) + 256); // it may have grown at the second call
  must(call(...values, buffer, buffer.length, length));
  return buffer.toString('utf8', 0, Number(length[0]));
}

/** The number that a function writes into its last argument, as an array of this kind takes it. */
export function numberOf(call, Kind, ...values) {
  const out = new Kind(1);
  must(call(...values, out));
  return Number(out[0]);
}

/** The handle that a function writes into its last argument. */
export function handleOf(call, ...values) {
  const out = new BigUint64Array(1);
  must(call(...values, out));
  return out[0];
}

/** Memory for a struct that the library writes, with its size at its beginning. */
export function memoryOf(type) {
  const memory = Buffer.alloc(koffi.sizeof(type));
  memory.writeBigUInt64LE(BigInt(memory.length));
  return memory;
}

const plain = (value) =>
  typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, part]) => [camel(name), plain(part)])) : Number(value);

/** The statistics that a function writes, as a plain object. */
export function statsOf(call, type, handle) {
  const memory = memoryOf(type);
  must(call(handle, memory));
  const { size: _, ...numbers } = koffi.decode(memory, type);
  return plain(numbers);
}

/**
 * The options of a struct of the library, from an object with their names in camelCase. Undefined, null and 0 are the default, true is 1.
 * words: for options that are words, the numbers of these.
 */
export function optionsOf(name, given, words = {}) {
  const options = { size: koffi.sizeof(name) };
  const kinds = Object.fromEntries(MEMBERS[name].map(([kind, member]) => [camel(member), [kind, member]]));
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(kinds, key) || /^(size|reserved|toCount)$/.test(key)) {
      const known = Object.keys(kinds).filter((option) => !/^(size|reserved|toCount)$/.test(option));
      throw new TypeError(`no option is named ${key}: there are ${known.join(', ')}`);
    }
    if (value === undefined || value === null) continue;
    const [kind, member] = kinds[key];
    if (words[key]) options[member] = numberOfWord(key, value, words[key]);
    else if (key === 'to') Object.assign(options, addressees(value));
    else {
      const number = typeof value === 'boolean' ? Number(value) : value;
      check(kind, key, number);
      options[member] = number;
    }
  }
  return options;
}

export function numberOfWord(key, value, numbers) {
  const found = Object.entries(numbers).find(([name]) => name.toLowerCase() === value);
  if (!found) throw new TypeError(`${key} is to be one of ${Object.keys(numbers).join(', ').toLowerCase()}, not ${String(value)}`);
  return found[1];
}

function addressees(users) {
  // Nobody in it would be everyone to the library.
  if (!Array.isArray(users) || !users.length) throw new TypeError('to is to be an array of at least one user');
  users.forEach((user) => check('const char *', 'a user of to', user ?? 0));
  return { to: users, to_count: users.length };
}

// What a whole process does: it ends by itself, rests while nothing happens, and survives its own listeners.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BOUND } from './room.mjs';

/** Runs a module beside this one to its end: its exit code, and what it printed. */
async function run(source, flags = []) {
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', source], { cwd: import.meta.dirname ?? new URL('.', import.meta.url).pathname });
  const late = setTimeout(() => child.kill(), BOUND);
  let printed = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (part) => (printed += part));
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(late);
  return { code, printed };
}

const room = "import { Engine } from 'stoa'; const engine = new Engine({ appId: 'x' });";
const ada = "const ada = engine.channel({ name: 'agora', user: 'ada' }); await ada.connect();";

test('the program of the README runs', async () => {
  const readme = readFileSync(new URL('README.md', import.meta.resolve('stoa')), 'utf8');
  const [, program] = readme.match(/```js\n(.*?)```/s);
  const { code, printed } = await run(program);
  assert.equal(code, 0, printed);
  assert.match(printed, /ada writes: Do you hear me\?/);
  assert.match(printed, /480 samples at -1\d dB, decoded\n/);
  assert.match(printed, /hello ada\n$/);
});

test('a process ends when all is closed, and an engine alone does not keep it', async () => {
  for (const source of [room, `${room} ${ada} ada.mixedStream(); await engine.close();`, `${room} ${ada} await ada.close();`]) {
    const { code, printed } = await run(source);
    assert.deepEqual([code, printed], [0, ''], source);
  }
});

test('an open channel and an open server keep it', async () => {
  const server = "import { Server } from 'stoa'; const server = new Server({ keys: 'k:s' });";
  for (const [source, close] of [[`${room} const ada = engine.channel({ name: 'x' });`, 'engine.close()'], [server, 'server.close()']]) {
    const { code, printed } = await run(`${source} setTimeout(() => { console.log('kept'); ${close}; }, 300).unref();`);
    assert.deepEqual([code, printed], [0, 'kept\n'], source);
  }
});

test('a process in which nothing happens rests', async () => {
  // The loop turns for what it waits for, and for nothing else: the timer of a second, and a beat of the connection.
  const { code, printed } = await run(`${room} ${ada} const heard = ada.mixedStream(); const read = heard.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { idle, active } = performance.eventLoopUtilization();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = performance.eventLoopUtilization();
    console.log(now.active - active < (now.idle - idle) / 2);
    await engine.close(); console.log(await read);`);
  assert.deepEqual([code, printed], [0, 'true\nnull\n']);
});

test('a listener that throws is an uncaught exception, and the next event comes all the same', async () => {
  const { code, printed } = await run(`${room} const told = []; process.on('uncaughtException', (error) => told.push(error.message));
    const ada = engine.channel({ name: 'agora', user: 'ada' });
    ada.on('connection_state_changed', ({ newState }) => { throw new Error(newState); });
    await ada.connect(); await new Promise((resolve) => setImmediate(resolve)); await engine.close(); console.log(told.join());`);
  assert.deepEqual([code, printed], [0, 'connecting,connected\n']);
});

test('a stream that nobody holds any more is freed', async () => {
  const { code, printed } = await run(`${room} ${ada} const count = () => engine.stats().handles; const before = count();
    (() => { for (let i = 0; i < 50; i++) ada.mixedStream(); })(); const full = count();
    for (let i = 0; i < 100 && count() > before; i++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
    console.log(full - before, count() - before); await engine.close();`, ['--expose-gc']);
  assert.deepEqual([code, printed], [0, '50 0\n']);
});

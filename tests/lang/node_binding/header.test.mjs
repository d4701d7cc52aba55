// What the binding says of the header is what the compiler says of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { EVENT_NAMES } from 'stoa';

const include = process.env.STOA_INCLUDE;
const inside = fileURLToPath(new URL('src/', import.meta.resolve('stoa')));
const { CONSTANTS, FRAME_SAMPLES_MAX, STRUCTS } = await import(join(inside, 'header.js'));
const { FUNCTIONS } = await import(join(inside, 'functions.js'));
const { TYPES } = await import(join(inside, 'library.js'));
const header = readFileSync(join(include, 'stoa.h'), 'utf8');
const oneLine = (text) => text.replace(/\/\/.*$/gm, '').replace(/\s+/g, ' ').trim();

function evaluated(expressions) {
  const place = mkdtempSync(join(tmpdir(), 'stoa-header-'));
  try {
    const lines = expressions.map((expression) => `printf("%ld\\n", (long)(${expression}));`).join('\n');
    writeFileSync(join(place, 'a.c'), `#include <stddef.h>\n#include <stdio.h>\n#include <stoa.h>\nint main(void)\n{\n${lines}\nreturn 0;\n}\n`);
    execFileSync(process.env.CC ?? 'cc', ['-I', include, join(place, 'a.c'), '-o', join(place, 'a')]);
    return execFileSync(join(place, 'a'), { encoding: 'utf8' }).trim().split('\n').map(Number);
  } finally {
    rmSync(place, { recursive: true });
  }
}

test('constants and layouts are those of the header', () => {
  const expected = { STOA_FRAME_SAMPLES_MAX: FRAME_SAMPLES_MAX };
  for (const [group, names] of Object.entries(CONSTANTS)) {
    for (const [name, number] of Object.entries(names)) expected[`STOA_${group === 'STATUS' ? '' : `${group}_`}${name}`] = number;
  }
  for (const [name, type] of Object.entries(TYPES)) {
    expected[`sizeof(${name})`] = koffi.sizeof(type);
    for (const [member, { type: of, offset }] of Object.entries(koffi.type(type).members)) {
      expected[`offsetof(${name}, ${member})`] = offset;
      expected[`sizeof(((${name} *)0)->${member})`] = of.size;
    }
  }
  assert(Object.keys(expected).length > 400);
  const found = evaluated(Object.keys(expected));
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name, index) => [name, found[index]])), expected);
});

test('structs have the members of the header, with their types', () => {
  for (const [name, members] of Object.entries(STRUCTS)) {
    const [, body] = header.match(new RegExp(`typedef struct ${name} \\{(.*?)\\n\\}`, 's'));
    assert.equal(oneLine(members), oneLine(body), name);
  }
});

test('functions are declared as in the header, and all but callbacks are', () => {
  const declarations = header.match(/^(?:stoa_status|const char \*|uint32_t|uint64_t) ?stoa_\w+\([^)]*\);/gm).map(oneLine);
  const used = oneLine(FUNCTIONS).split(/(?<=;) /);
  for (const prototype of used) assert(declarations.includes(prototype), prototype);
  const unused = declarations.filter((declaration) => !used.includes(declaration) && !declaration.includes('_callback '));
  assert.deepEqual(unused.map((declaration) => declaration.match(/stoa_\w+(?=\()/)[0]), [
    'stoa_version_number',
    'stoa_status_text',
    'stoa_engine_last_error',
    'stoa_channel_wait_played',
    'stoa_channel_off',
    'stoa_stream_user',
    'stoa_stream_last_error',
    'stoa_server_last_error',
  ]);
});

test('every event of the header is known by its name, and tells what the types say', () => {
  const names = [...header.matchAll(/^\/\/ "(\w+)"[^]*?^#define STOA_EVENT_(\w+) (\d+)$/gm)].filter(([, name, macro]) => name.toUpperCase() === macro);
  assert.deepEqual(EVENT_NAMES, names.map(([, name]) => name));
  assert.deepEqual(names.map(([, , , number]) => Number(number)), names.map((_, index) => index + 1));
  const types = readFileSync(fileURLToPath(new URL('events.d.ts', import.meta.resolve('stoa'))), 'utf8');
  assert.deepEqual([...types.matchAll(/^  (\w+): /gm)].map(([, name]) => name).sort(), [...EVENT_NAMES].sort());
});

// livekit-client in a browser as a puppet: the page has the commands (page.js), this passes them on.
//
// Usage: browser.mjs chrome|firefox PROGRAM

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';
import { obey, say } from './lines.mjs';

const [browserName, program] = process.argv.slice(2);
const files = {
  '/': ['text/html', '<!doctype html><meta charset="utf-8"><script src="/livekit.js"></script><script src="/page.js"></script>'],
  '/livekit.js': ['text/javascript', readFileSync('node_modules/livekit-client/dist/livekit-client.umd.js')],
  '/page.js': ['text/javascript', readFileSync('page.js')],
};
const server = createServer((request, response) => {
  const [type, text] = files[request.url] ?? ['text/plain', ''];
  response.writeHead(200, { 'content-type': type }).end(text);
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));

const browser = await puppeteer.launch({
  browser: browserName,
  executablePath: `/usr/bin/${program}`,
  headless: true,
  args: browserName === 'chrome'
    ? ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
    : [],
  extraPrefsFirefox: {
    'media.autoplay.default': 0,
    'media.autoplay.blocking_policy': 0,
    'media.navigator.permission.disabled': true,
    'media.navigator.streams.fake': true,
    'media.navigator.audio.fake_frequency': 660,
    // Names of candidates cannot be looked up here, and no other interface may be there.
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.peerconnection.ice.loopback': true,
    // An old server has no /rtc/v1, and Firefox waits half as long again after each WebSocket that is refused there: 7 s after ten.
    'network.websocket.delay-failed-reconnects': false,
  },
});
const version = await browser.version();
const page = await browser.newPage();
page.on('console', (message) => console.error(message.text()));
page.on('pageerror', (error) => console.error(error));
await page.exposeFunction('say', say);
await page.goto(`http://127.0.0.1:${server.address().port}/`);

const names = await page.evaluate(() => Object.keys(commands));
const command = (name) => async (...words) => {
  const answer = await page.evaluate((name, words) => obey(name, words), name, words);
  if (answer.none) throw answer;
  if (answer.failed) throw new Error(answer.failed);
  return answer.ok;
};
console.error(version);
await obey(Object.fromEntries(names.map((name) => [name, command(name)])));
await browser.close();
process.exit(0);

// Someone at the page of `stoa serve`, with a real browser and its fake microphone, as a puppet: tests/interop/page.rs says what to do.
// A place in the page is a CSS selector.

import puppeteer from 'puppeteer-core';
import { obey } from './lines.mjs';

const SIZE = { width: 900, height: 700 };

const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
});
const page = await browser.newPage();
page.on('console', (message) => console.error(message.text()));
page.on('pageerror', (error) => console.error(error));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

await obey({
  async open(url) {
    await page.setViewport(SIZE);
    await page.goto(url);
  },

  // Types in the place of what is there.
  async type(place, text) {
    await page.locator(place).fill('');
    await page.type(place, text);
  },

  // A key, where the focus is, or at a place.
  async press(key, place) {
    if (place) await page.focus(place);
    await page.keyboard.press(key);
  },

  // Waits until it is seen, with this text in it.
  async see(place, text = '') {
    const seen = (place, text) => [...document.querySelectorAll(place)].some((it) => it.checkVisibility() && it.innerText.includes(text));
    await page.waitForFunction(seen, { timeout: 15000 }, place, text);
  },

  // The greatest value of a meter within three seconds, or the first above a limit.
  async level(place, limit) {
    let level = 0;
    for (let n = 0; n < 60 && level <= Number(limit); n++, await pause(50)) {
      level = Math.max(level, await page.$eval(place, (meter) => meter.value));
    }
    return [level];
  },

  // How wide the page is where the window is so wide.
  async width(window) {
    await page.setViewport({ ...SIZE, width: Number(window) });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.setViewport(SIZE);
    return [width];
  },

  async picture(path) {
    await page.screenshot({ path });
  },
});
await browser.close();
process.exit(0);

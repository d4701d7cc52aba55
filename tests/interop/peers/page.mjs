// Someone at the page of `stoa serve`, with a real browser and its fake microphone, as a puppet: tests/interop/page.rs says what to do.
// A place in the page is a CSS selector.
//
// Usage: page.mjs WAV, what the microphone hears

import puppeteer from 'puppeteer-core';
import { obey } from './lines.mjs';

const SIZE = { width: 900, height: 700 };

const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${process.argv[2]}`,
  ],
});
const page = await browser.newPage();
page.on('console', (message) => console.error(message.text()));
page.on('pageerror', (error) => console.error(error));
const asked = [];
page.on('request', (request) => asked.push(request.url()));
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

  // A key, where the focus is, or at a place, to which Tab has to lead.
  async press(key, place) {
    const there = () => page.evaluate((place) => document.activeElement === document.querySelector(place), place);
    for (let tabs = 0; place && !(await there()); tabs++) {
      if (tabs > 30) throw new Error(`Tab does not lead to ${place}`);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press(key);
  },

  // Waits until it is seen, with this text in it.
  async see(place, text = '') {
    const seen = (place, text) => [...document.querySelectorAll(place)].some((it) => it.checkVisibility() && it.innerText.includes(text));
    await page.waitForFunction(seen, { timeout: 15000 }, place, text);
  },

  // Waits for a number there that is above a limit.
  async number(place, limit) {
    const shown = (place, limit) => parseFloat(document.querySelector(place).innerText) > limit;
    await page.waitForFunction(shown, { timeout: 15000 }, place, Number(limit));
    return [parseFloat(await page.$eval(place, (it) => it.innerText))];
  },

  // What was asked for elsewhere than at the page's own server.
  async elsewhere() {
    const own = new URL(page.url()).host;
    return asked.filter((url) => /^(https?|wss?):/.test(url) && new URL(url).host !== own);
  },

  // The greatest value of a meter within three seconds, or the first above a limit.
  async level(place, limit) {
    let level = 0;
    for (let n = 0; n < 60 && level <= Number(limit); n++, await pause(50)) {
      level = Math.max(level, await page.$eval(place, (meter) => meter.value));
    }
    return [level];
  },

  // How wide the page is where the window is so wide, and how far to the right its parts reach.
  async width(window) {
    await page.setViewport({ ...SIZE, width: Number(window) });
    const width = await page.evaluate(() => {
      const parts = [...document.querySelectorAll('button, input, meter, dd, li, textarea')].filter((it) => it.checkVisibility());
      return Math.max(document.documentElement.scrollWidth, ...parts.map((it) => it.getBoundingClientRect().right));
    });
    await page.setViewport(SIZE);
    return [width];
  },

  async picture(path) {
    await page.screenshot({ path });
  },
});
await browser.close();
process.exit(0);

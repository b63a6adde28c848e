// Every page is light, quick and still: few bytes on a first visit, little time in the server, nothing that jumps.
import assert from 'node:assert/strict';

import { story } from '../browser.mjs';
import { eachPage } from '../pages.mjs';

const FIRST_VISIT_BYTES = 80_000;
const SERVER_P95_MS = 30;
const REQUESTS = 60;
const ROUNDS = 3;

/** Milliseconds within which 95 of 100 answers come. */
async function p95Of(address, cookie) {
  const times = [];
  for (let request = 0; request < REQUESTS; request += 1) {
    const start = performance.now();
    await (await fetch(address, { headers: { cookie } })).text();
    times.push(performance.now() - start);
  }
  return times.toSorted((one, other) => one - other)[Math.floor(REQUESTS * 0.95)];
}

story('every page is light on a first visit and nothing on it jumps', async ({ context, page }) => {
  let bytes = 0;
  const browser = await context.newCDPSession(page);
  await browser.send('Network.enable');
  browser.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.addInitScript(() => {
    globalThis.jumps = 0;
    new PerformanceObserver((list) => {
      for (const jump of list.getEntries()) if (!jump.hadRecentInput) globalThis.jumps += jump.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const faults = [];
  await eachPage(page, async (_, what) => {
    await browser.send('Network.clearBrowserCache');
    bytes = 0;
    await page.reload({ waitUntil: 'load' });
    // Time for what a page asks for by itself, such as the newest payments of the town.
    if (await page.locator('script[src*="/live-"]').count() > 0) await page.waitForTimeout(4_000);
    const jumps = await page.evaluate(() => globalThis.jumps);
    if (bytes > FIRST_VISIT_BYTES) faults.push(`${what} weighs ${bytes} bytes`);
    if (jumps > 0) faults.push(`${what} jumps by ${jumps}`);
  });
  assert.deepEqual(faults, []);
}, { minutes: 4 });

story('the server takes little time for every page', async ({ context, page }) => {
  const addresses = [];
  await eachPage(page, async (_, what) => {
    const cookies = await context.cookies();
    addresses.push([what, page.url(), cookies.map(({ name, value }) => `${name}=${value}`).join('; ')]);
  });
  // The server is watched, not the browser, which would take its processor.
  await page.goto('about:blank');
  const slow = [];
  for (const [what, address, cookie] of addresses) {
    // A page that is slow is slow each time; a machine that stumbles is not.
    let p95 = Infinity;
    for (let round = 0; round < ROUNDS && p95 > SERVER_P95_MS; round += 1) p95 = Math.min(p95, await p95Of(address, cookie));
    console.log(`${p95.toFixed(1).padStart(7)} ms  ${what}`);
    if (p95 > SERVER_P95_MS) slow.push(`${what}: ${p95.toFixed(1)} ms`);
  }
  assert.deepEqual(slow, [], `95 of 100 answers within ${SERVER_P95_MS} ms`);
}, { minutes: 4 });

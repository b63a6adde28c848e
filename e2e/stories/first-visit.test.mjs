// A newcomer opens the town and becomes a holder, a merchant or the operator by one click.
import assert from 'node:assert/strict';

import { CARDS, DESKTOP, RECORDS_ROOM, SHOP, TOWN, accessible, enterAs, story, visit } from '../browser.mjs';

const FIRST_PAGE_BYTES = 60_000;
const SERVER_TIME_MS = 20;

story('a newcomer sees the town and enters the wallet of a holder by one click', async ({ page }) => {
  await page.goto(`${TOWN}/`);
  await page.locator('#town svg').waitFor();
  assert.match(await page.locator('.verdict').textContent(), /0/);
  const sides = await page.locator('.town-equation tbody tr').evaluateAll((rows) => rows.map((row) =>
    [...row.querySelectorAll('td:not([aria-hidden])')].map((cell) => cell.textContent.trim())));
  assert.ok(sides.length > 0);
  for (const [banks, holders] of sides) assert.equal(banks, holders, 'both sides of the equation are one figure');
  await accessible(page, 'the front page');
  const name = await enterAs(page, 'holder');
  assert.equal(new URL(page.url()).pathname, '/home');
  assert.match(await page.locator('.balance').textContent(), new RegExp(name));
  assert.match(await page.locator('.balance-figure').textContent(), /¥[\d,]+\.\d\d/);
  await accessible(page, 'the holder’s home');
});

story('the front page leads to each place that is out of the wallet', async ({ page }) => {
  await page.goto(`${TOWN}/`);
  const places = await page.locator('a.visit').evaluateAll((all) => all.map((link) => link.href));
  assert.deepEqual(places, [`${SHOP}/`, `${CARDS}/`, `${CARDS}/two-cards`, `${RECORDS_ROOM}/`]);
  for (const place of places) {
    const answer = await page.goto(place);
    assert.equal(answer.status(), 200, place);
    await page.locator('h1').waitFor();
  }
});

story('each role lands on a page of its own and may not open another’s', async ({ page }) => {
  await enterAs(page, 'merchant');
  assert.equal(new URL(page.url()).pathname, '/merchant');
  const refused = await page.goto(`${TOWN}/operator`);
  assert.ok(refused.status() === 403 || new URL(page.url()).pathname !== '/operator');
  await enterAs(page, 'operator');
  assert.equal(new URL(page.url()).pathname, '/operator');
}, { refusals: true });

story('the first page is light and quick', async () => {
  const { context, page } = await visit({ viewport: DESKTOP });
  let bytes = 0;
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.goto(`${TOWN}/`, { waitUntil: 'load' });
  assert.ok(bytes > 0 && bytes < FIRST_PAGE_BYTES, `the first page and its assets weigh ${bytes} bytes`);
  const times = [];
  for (let visitNumber = 0; visitNumber < 9; visitNumber += 1) {
    // The page before, which draws and asks for news, must not take the processor from the server.
    await page.goto('about:blank');
    await page.goto(`${TOWN}/`);
    times.push(await page.evaluate(() => {
      const { requestStart, responseStart } = performance.getEntriesByType('navigation')[0];
      return responseStart - requestStart;
    }));
  }
  await context.close();
  const median = times.toSorted((one, other) => one - other)[4];
  assert.ok(median < SERVER_TIME_MS, `the server takes ${median} ms for the first page`);
});

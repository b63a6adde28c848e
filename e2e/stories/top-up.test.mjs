// Money comes in from a bank card, once, however often the button is pressed.
import assert from 'node:assert/strict';

import { TOWN, accessible, enterAs, historyLines, story } from '../browser.mjs';

async function topUpBy(page, amount) {
  await enterAs(page, 'holder');
  await page.goto(`${TOWN}/top-up`);
  await page.locator('input#amount').fill(amount);
}

async function creditedOnce(page, amount) {
  await page.goto(`${TOWN}/history?kind=top_up`);
  const lines = historyLines(page, `¥${amount}`);
  assert.equal(await lines.count(), 1, `¥${amount} stands in the history once`);
}

story('a double click on top-up credits once', async ({ page }) => {
  await topUpBy(page, '137.31');
  await accessible(page, 'the top-up form');
  await page.locator('main form button[type=submit]').last().dblclick();
  await page.waitForURL(/\/transactions\//);
  assert.match(await page.locator('main').textContent(), /137\.31/);
  await accessible(page, 'a top-up’s detail');
  await creditedOnce(page, '137.31');
});

story('without scripts the server itself credits the same form once', async ({ page }) => {
  await topUpBy(page, '138.62');
  const form = await page.locator('main form[action="/top-up"]').evaluate((element) => ({
    ...Object.fromEntries(new FormData(element)),
  }));
  // The browser sends the form; then the same form is sent again, as an impatient double click does.
  await page.locator('main form button[type=submit]').last().click();
  await page.waitForURL(/\/transactions\//);
  const first = page.url();
  const again = await page.request.post(`${TOWN}/top-up`, { form, headers: { origin: TOWN } });
  assert.equal(again.url(), first, 'the second answer is the first one again');
  await creditedOnce(page, '138.62');
}, { scripts: false });

story('an amount that is no money is explained beside its field and moves nothing', async ({ page }) => {
  for (const wrong of ['0', '-5', '1.005', '1e3', '9223372036854775808']) {
    await topUpBy(page, wrong);
    await page.locator('main form button[type=submit]').last().click();
    await page.locator('#amount-error').waitFor();
    assert.equal(await page.locator('input#amount').inputValue(), wrong, 'what was typed is kept');
  }
  await accessible(page, 'a form with a mistake');
}, { refusals: true });

// A holder pays a shop; the shop gives some of it back, then the rest, and never more.
import assert from 'node:assert/strict';

import { DESKTOP, TOWN, accessible, completedLines, enterAs, historyLines, story, visit } from '../browser.mjs';

async function pay(page, shop, amount) {
  await page.goto(`${TOWN}/pay`);
  await accessible(page, 'the shops');
  await page.locator('a.shop').filter({ hasText: shop }).click();
  await page.locator('input#amount').fill(amount);
  await page.locator('main form button.button-primary').click();
  await accessible(page, 'the confirmation');
  await page.locator('main form button[type=submit]').last().click();
  await page.waitForURL(/\/transactions\//);
  return new URL(page.url()).pathname;
}

async function refund(page, amount) {
  await page.locator('input#amount').fill(amount);
  await page.locator('main form button.button-danger').click();
  await page.waitForLoadState();
}

story('a payment reaches the shop and its refund comes back', async ({ page: holder }) => {
  const { context, page: shop } = await visit({ viewport: DESKTOP });
  const name = await enterAs(shop, 'merchant');
  await enterAs(holder, 'holder');
  const payment = await pay(holder, name, '12.37');

  await shop.goto(`${TOWN}/merchant`);
  await accessible(shop, 'the merchant’s page');
  await shop.goto(TOWN + payment);
  await refund(shop, '5.00');
  await shop.goto(TOWN + payment);
  await refund(shop, '7.38');
  await shop.locator('#amount-error').waitFor();
  await refund(shop, '7.37');
  await shop.goto(TOWN + payment);
  assert.equal(await shop.locator('button.button-danger').count(), 0, 'nothing is left to refund');
  await context.close();

  await holder.goto(`${TOWN}/history?kind=refund`);
  assert.ok(await historyLines(holder, '¥5.00').count() >= 1);
  assert.equal(await historyLines(holder, '¥7.37').count(), 1);
  await holder.goto(TOWN + payment);
  await accessible(holder, 'a refunded payment');
}, { refusals: true });

story('a receipt prints on a sheet and on a roll', async ({ page }) => {
  await enterAs(page, 'holder');
  await page.goto(`${TOWN}/history?kind=payment`);
  await page.locator('ul.lines a.line').first().click();
  const transaction = page.url();
  for (const paper of ['a4', '80mm']) {
    await page.goto(`${transaction}/receipt?paper=${paper}`);
    await page.locator('article.receipt').waitFor();
    const sheet = await page.pdf({ preferCSSPageSize: true });
    assert.ok(sheet.length > 1_000, 'the browser makes a sheet of it');
  }
});

story('more than the wallet holds is declined in words and moves nothing', async ({ page }) => {
  await enterAs(page, 'holder');
  await page.goto(`${TOWN}/pay`);
  await page.locator('a.shop').first().click();
  await page.locator('input#amount').fill('99999999.99');
  await page.locator('main form button[type=submit]').last().click();
  await page.locator('.error-summary').waitFor();
  await page.goto(`${TOWN}/history?kind=payment`);
  assert.equal(await completedLines(page, '99,999,999.99').count(), 0);
}, { refusals: true });

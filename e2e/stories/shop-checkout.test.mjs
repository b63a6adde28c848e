// Another site sells: cart, order over the API, hosted checkout, signed webhook, and the way back.
import assert from 'node:assert/strict';

import { SHOP, accessible, enterAs, fitsItsWidth, story } from '../browser.mjs';

/** Fills a cart at the shop and goes on to the wallet's checkout. */
async function order(page, { escrow = false } = {}) {
  await page.goto(SHOP);
  await page.locator('#book_1').fill('1');
  if (escrow) await page.locator('input[name=escrow]').check();
  await page.locator('button').click();
  await page.waitForURL(/\/checkout\//);
}

/** Opens the shop's page of the order until the webhook has told it this state. */
async function untilShopKnows(page, state) {
  for (let tries = 0; tries < 40; tries += 1) {
    if (await page.locator('.state').getAttribute('data-state') === state) return;
    await page.waitForTimeout(250);
    await page.reload();
  }
  assert.fail(`the shop never heard that the order is ${state}`);
}

for (const language of ['zh-CN', 'en']) {
  story(`a book is bought in a web shop: ${language}`, async ({ page }) => {
    await enterAs(page, 'holder');
    await order(page);
    await accessible(page, 'the checkout');
    await fitsItsWidth(page, 'the checkout');
    await page.locator('form#pay button').click();
    await page.locator('.flash').waitFor();
    await accessible(page, 'the paid order');
    assert.equal(await page.locator('form#pay').count(), 0, 'it cannot be paid again');
    await page.locator('a.button-primary').click();
    await page.waitForURL(/shop\.localhost/);
    await untilShopKnows(page, 'paid');
  }, { language });
}

story('a guest sees what is to be paid and is led through the log-in', async ({ page }) => {
  await order(page);
  await accessible(page, 'the checkout of a guest');
  await page.locator('main a.button-primary').click();
  await page.waitForURL(/\/login\?next=%2Fcheckout%2F/);
});

story('money in escrow waits for the buyer', async ({ page }) => {
  await enterAs(page, 'holder');
  await order(page, { escrow: true });
  await page.locator('.escrow-note').waitFor();
  await page.locator('form#pay button').click();
  await page.locator('form[action$="/confirm"]').waitFor();
  await accessible(page, 'an order in escrow');
  await page.locator('form[action$="/confirm"] button').click();
  await page.waitForLoadState();
  assert.equal(await page.locator('form[action$="/confirm"]').count(), 0, 'the shop has been paid');
});

// A holder shows a code, a shop charges it once; above a small sum the holder confirms.
import assert from 'node:assert/strict';

import { DESKTOP, TOWN, accessible, enterAs, fitsItsWidth, picture, story, visit } from '../browser.mjs';

async function shownCode(holder) {
  await holder.goto(`${TOWN}/pay-code?limit=1000`);
  return (await holder.locator('.pay-code-digits').textContent()).replaceAll(/\s/g, '');
}

async function charge(shop, code, amount) {
  await shop.goto(`${TOWN}/merchant/charge`);
  await shop.locator('input#amount').fill(amount);
  await shop.locator('input#code').fill(code);
  await shop.locator('main form button[type=submit]').last().click();
  await shop.waitForLoadState();
}

for (const [language, used] of [['zh-CN', /已用过/], ['en', /used before/]]) {
  story(`a small sum is charged once, without a word more, in ${language}`, async ({ page: holder }) => {
    const { context, page: shop } = await visit({ viewport: DESKTOP, language });
    await enterAs(shop, 'merchant');
    await enterAs(holder, 'holder');
    const code = await shownCode(holder);
    assert.match(code, /^62\d{18}$/);
    await accessible(holder, 'the payment code');
    await fitsItsWidth(holder, 'the payment code');
    await picture(holder, `pay code ${language}`);

    await shop.goto(`${TOWN}/merchant/charge`);
    await accessible(shop, 'the form that charges');
    await charge(shop, code, '2.34');
    await shop.waitForURL(/\/transactions\//);
    // The holder's page hears of it by itself.
    await holder.waitForURL(/\/transactions\//, { timeout: 15_000 });

    await charge(shop, code, '2.35');
    assert.match(await shop.locator('.error-summary').textContent(), used);
    await picture(shop, `charge refused ${language}`);
    await context.close();
  }, { refusals: true, language });
}

story('what the code is not worth, and what is no code, is refused in words', async ({ page: holder }) => {
  const { context, page: shop } = await visit({ viewport: DESKTOP, language: 'en' });
  await enterAs(shop, 'merchant');
  await enterAs(holder, 'holder');
  await charge(shop, await shownCode(holder), '1000.01');
  assert.match(await shop.locator('.error-summary').textContent(), /above what this code allows/);
  await charge(shop, '1234', '1.00');
  assert.match(await shop.locator('.error-summary').textContent(), /not a code to pay by/);
  await context.close();
}, { refusals: true });

story('above a small sum the shop waits until the holder has said yes or no', async ({ page: holder }) => {
  const { context, page: shop } = await visit({ viewport: DESKTOP, language: 'en' });
  await enterAs(shop, 'merchant');
  await enterAs(holder, 'holder');
  await charge(shop, await shownCode(holder), '600.00');
  await shop.waitForURL(/\/merchant\/charge\//);
  await accessible(shop, 'a charge that waits');
  await picture(shop, 'charge waits');

  await holder.locator('form[action="/pay-code/reject"]').waitFor({ timeout: 15_000 });
  await accessible(holder, 'the charge to confirm');
  await picture(holder, 'pay code confirm');
  await holder.locator('form[action="/pay-code/reject"] button').click();
  await holder.locator('.pay-code-digits').waitFor();
  await shop.locator('.error-summary').waitFor({ timeout: 15_000 });
  assert.match(await shop.locator('.error-summary').textContent(), /did not confirm/);
  await context.close();
}, { refusals: true });

// A shop sells a voucher for cash; who has its code puts the money into a wallet, once.
import assert from 'node:assert/strict';

import { DESKTOP, TOWN, accessible, enterAs, historyLines, picture, story, visit } from '../browser.mjs';

/** Sells a voucher as the shop; returns its code. */
async function sell(shop, amount) {
  await shop.goto(`${TOWN}/till/vouchers`);
  await shop.locator('input#amount').fill(amount);
  await shop.locator('main form button[type=submit]').first().click();
  const code = shop.locator('.voucher-code');
  await code.waitFor();
  return (await code.innerText()).trim();
}

for (const language of ['zh-CN', 'en']) {
  story(`a voucher is sold at the desk and redeemed once: ${language}`, async ({ page: holder }) => {
    const { context, page: shop } = await visit({ viewport: DESKTOP, language });
    await enterAs(shop, 'merchant');
    await enterAs(holder, 'holder');
    const cents = language === 'en' ? '41' : '42';
    const code = await sell(shop, `23.${cents}`);
    assert.match(code, /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
    await accessible(shop, 'the slip of a voucher');
    await picture(shop, `voucher-slip-${language}`);

    await holder.goto(`${TOWN}/top-up`);
    await holder.locator('a[href="/redeem"]').click();
    await accessible(holder, 'the page that redeems');
    await holder.locator('input#code').fill(code.toLowerCase().replaceAll('-', ' '));
    await holder.locator('main form button[type=submit]').click();
    await holder.waitForURL(/\/transactions\/[0-9a-f]{32}$/);
    await accessible(holder, 'a redeemed voucher');
    await holder.goto(`${TOWN}/history`);
    assert.equal(await historyLines(holder, `23.${cents}`).count(), 1, 'the history has the voucher once');

    await holder.goto(`${TOWN}/redeem?code=${code}`);
    assert.equal(await holder.locator('input#code').inputValue(), code);
    await holder.locator('main form button[type=submit]').click();
    await holder.locator('.error-summary, [role=alert]').first().waitFor();
    await accessible(holder, 'a voucher that has ended');

    await shop.goto(`${TOWN}/till/vouchers`);
    const row = shop.locator('tbody tr').filter({ hasText: code.slice(-4) });
    assert.equal(await row.locator('.badge-ok').count(), 1, 'the shop sees that it was redeemed');
    await shop.goto(`${TOWN}/till/report`);
    await shop.locator('.verdict-ok').waitFor({ timeout: 5_000 });
    await accessible(shop, 'the shift’s report with vouchers');
    await context.close();
  }, { language });
}

story('a voucher that was sold by mistake is taken back', async ({ page: shop }) => {
  await enterAs(shop, 'merchant');
  const code = await sell(shop, '7.00');
  await shop.goto(`${TOWN}/till/vouchers`);
  const row = shop.locator('tbody tr').filter({ hasText: code.slice(-4) });
  await row.locator('form[action$="/return"] button').click();
  await shop.locator('.flash').waitFor();
  assert.equal(await row.locator('.badge-muted').count(), 1, 'the voucher was taken back');
}, { language: 'en' });

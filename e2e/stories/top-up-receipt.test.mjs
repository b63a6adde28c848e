// Story 3: money comes in from a bank card; for much of it the bank asks at its own page, on another host, where the holder
// says no once and then yes twice; the receipt can be seen, printed at two widths, and kept.
import assert from 'node:assert/strict';

import {
  BANK, DESKTOP, TOWN, accessible, completedLines, enterAs, fitsItsWidth, historyLines, picture, story,
} from '../browser.mjs';
import { textOfPdf } from '../paper.mjs';

for (const language of ['zh-CN', 'en']) {
  story(`a top-up ends with a receipt to print and to keep: ${language}`, async ({ page }) => {
    await enterAs(page, 'holder');
    await page.goto(`${TOWN}/top-up`);
    await page.locator('input#amount').fill('41.07');
    await page.locator('main form button[type=submit]').last().click();
    await page.waitForURL(/\/transactions\//);
    const transaction = page.url().split('?')[0];
    assert.match(await page.locator('.outcome').textContent(), /41\.07/);
    for (const paper of ['a4', '80mm']) {
      await page.goto(`${transaction}/receipt?paper=${paper}`);
      assert.match(await page.locator('.receipt').textContent(), /41\.07/);
      await accessible(page, `a receipt at ${paper}`);
      await picture(page, `story-3-receipt-${paper}-${language}`);
    }
    const pdf = await page.request.get(`${transaction}/receipt.pdf`);
    assert.equal(pdf.status(), 200);
    assert.match(textOfPdf(await pdf.body()), /41\.07/);
  }, { language, viewport: DESKTOP });
}

/** Tops up more than the bank charges without a word, and goes to the bank's page. */
async function topUpAtTheBank(page, amount) {
  await page.goto(`${TOWN}/top-up`);
  await page.locator('input#amount').fill(amount);
  await page.locator('main form button[type=submit]').last().click();
  await page.waitForURL(/\/transactions\//);
  const link = page.locator(`.outcome a[href^="${BANK}/"]`);
  await link.waitFor();
  await accessible(page, 'a top-up that waits for the bank');
  await picture(page, `story-3-waits-for-the-bank-${await page.locator('html').getAttribute('lang')}`);
  await link.click();
  await page.waitForURL(`${BANK}/**`);
}

for (const language of ['zh-CN', 'en']) {
  story(`a bank asks before it charges much, and is answered once: ${language}`, async ({ page }) => {
    const cents = String(Math.floor(Math.random() * 90) + 10);
    const amount = `2001.${cents}`;
    await enterAs(page, 'holder');
    await topUpAtTheBank(page, amount);
    assert.match(await page.locator('.amount').textContent(), new RegExp(`2,001\\.${cents}`));
    await accessible(page, 'the page of the bank');
    await fitsItsWidth(page, 'the page of the bank');
    await picture(page, `story-3-bank-${language}`);
    await page.locator('button[value=no]').click();
    await page.locator('.not-done').waitFor();
    await page.locator('a', { hasText: 'Back to the wallet' }).click();
    await page.locator('.outcome .badge-danger').waitFor();
    await picture(page, `story-3-refused-at-the-bank-${language}`);

    await topUpAtTheBank(page, amount);
    await page.locator('button[value=yes]').dblclick();
    await page.locator('.done').waitFor();
    await page.locator('a', { hasText: 'Back to the wallet' }).click();
    await page.locator('.outcome .badge-ok').waitFor();
    await page.goto(`${TOWN}/history`);
    assert.equal(await historyLines(page, `2,001.${cents}`).count(), 2, 'the refused one is not forgotten');
    assert.equal(await completedLines(page, `2,001.${cents}`).count(), 1, 'it is credited once');
  }, { language });
}

story('a statement as CSV has the balance as its sum', async ({ page }) => {
  await enterAs(page, 'holder');
  const figure = await page.locator('.balance-figure').textContent();
  const balance = Number(figure.replaceAll(/[^\d.]/g, '').match(/\d+\.\d\d/)[0]);
  const csv = await (await page.request.get(`${TOWN}/history.csv?currency=CNY`)).text();
  const rows = csv.trim().split('\r\n').slice(1);
  const sum = rows.reduce((total, row) => total + Math.round(Number(row.split(',').at(-1)) * 100), 0);
  // The town lives on while we look: what moved in between is small.
  assert.ok(Math.abs(sum / 100 - balance) < 500, `${sum / 100} against ${balance}`);
});

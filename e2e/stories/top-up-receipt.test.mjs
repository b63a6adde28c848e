// Story 3, as far as the embedded bank goes: money comes in, and its receipt can be seen, printed at two widths, and kept.
import assert from 'node:assert/strict';

import { DESKTOP, TOWN, accessible, enterAs, picture, story } from '../browser.mjs';
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

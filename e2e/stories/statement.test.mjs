// Story 8, the statement: a month's sums, its CSV and its PDF say the same, line by line.
import assert from 'node:assert/strict';

import { DESKTOP, TOWN, accessible, enterAs, story } from '../browser.mjs';
import { linesOfPdf, minor, rowsOfCsv } from '../paper.mjs';

async function get(page, path) {
  const answer = await page.request.get(TOWN + path);
  assert.equal(answer.status(), 200, path);
  return answer;
}

function sum(rows) {
  return rows.reduce((total, row) => total + row.amount, 0);
}

for (const language of ['zh-CN', 'en']) {
  story(`month sums, CSV and PDF of a month agree line by line: ${language}`, async ({ page }) => {
    await enterAs(page, 'holder');
    await page.goto(`${TOWN}/history/months`);
    await accessible(page, 'the month sums');
    // A month that is over: the town lives on while we look.
    const month = page.locator('section.panel', { has: page.locator('table') }).filter({ has: page.locator('tfoot') }).nth(1);
    const [moneyIn, moneyOut] = (await month.locator('tfoot strong [aria-hidden]').allTextContents()).map(minor);
    const days = new URL(await month.locator('a[href^="/history?"]').getAttribute('href'), TOWN).search;

    const rows = rowsOfCsv(await (await get(page, `/history.csv${days}&currency=CNY`)).text());
    assert.ok(rows.length >= 10, `${rows.length} rows are too few to compare`);
    assert.equal(sum(rows.filter((row) => row.amount > 0)), moneyIn, 'what came in');
    assert.equal(-sum(rows.filter((row) => row.amount < 0)), moneyOut, 'what went out');

    const lines = linesOfPdf(await (await get(page, `/history.pdf${days}&currency=CNY`)).body());
    assert.deepEqual(lines.map(({ time, amount }) => ({ time, amount })), rows, 'the same lines in the same order');
    for (const [index, line] of lines.entries()) {
      if (index > 0) assert.equal(line.balance, lines[index - 1].balance + line.amount, `the balance of line ${index + 1}`);
    }
    // The balance begins where the time before the month ended.
    const everything = rowsOfCsv(await (await get(page, '/history.csv?currency=CNY')).text());
    const place = everything.findIndex((_, index) => lines.every((line, at) => (
      everything[index + at]?.time === line.time && everything[index + at]?.amount === line.amount
    )));
    assert.ok(place >= 0, 'the month stands in the whole history');
    assert.equal(lines[0].balance, sum(everything.slice(0, place)) + lines[0].amount);
  }, { language, viewport: DESKTOP });
}

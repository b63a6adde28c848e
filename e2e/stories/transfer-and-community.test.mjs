// Story 8: a name check before a transfer, a request that is declined, a bill that is paid once, and the neighbours' board.
import assert from 'node:assert/strict';

import { TOWN, accessible, enterAs, fitsItsWidth, picture, story } from '../browser.mjs';

async function look(page, path, name) {
  await page.goto(TOWN + path);
  await accessible(page, path);
  await fitsItsWidth(page, path);
  await picture(page, `story-8-${name}`);
}

for (const language of ['zh-CN', 'en']) {
  story(`a holder finds bills, requests and the board within two clicks: ${language}`, async ({ page }) => {
    await enterAs(page, 'holder');
    await page.locator('nav.nav a[href="/pay"]').click();
    for (const [path, name] of [['/bills', 'bills'], ['/requests', 'requests'], ['/board', 'board']]) {
      await page.goto(`${TOWN}/pay`);
      await page.locator(`nav.actions a[href="${path}"]`).click();
      assert.equal(new URL(page.url()).pathname, path);
      await look(page, path, `${name}-${language}`);
    }
    await look(page, '/history/months', `months-${language}`);
    await look(page, '/limits', `limits-${language}`);
    await look(page, '/notifications', `notifications-${language}`);
    await look(page, '/lost', `lost-${language}`);
  }, { language });
}

story('a bill is paid once, with a receipt', async ({ page }) => {
  await enterAs(page, 'holder');
  await page.goto(`${TOWN}/top-up`);
  await page.locator('input#amount').fill('300');
  await page.locator('main form button[type=submit]').last().click();
  await page.waitForURL(/\/transactions\//);
  await page.goto(`${TOWN}/bills`);
  await page.locator('ul.lines a.line').first().click();
  const bill = page.url();
  await page.locator('form[action$="/pay"] button').dblclick();
  await page.waitForURL(/\/transactions\//);
  assert.equal(await page.locator('.outcome .badge-ok').count(), 1);
  await page.goto(bill);
  assert.equal(await page.locator('form[action$="/pay"]').count(), 0, 'it cannot be paid again');
  await accessible(page, 'a paid bill');
});

story('somebody asks two neighbours to share a bill', async ({ page }) => {
  await enterAs(page, 'holder');
  await page.goto(`${TOWN}/requests/new`);
  await page.locator('#people').fill('nobody-of-that-name');
  await page.locator('#amount').fill('90');
  await page.locator('main form button[type=submit]').last().click();
  await page.locator('#people-error').waitFor();
  assert.equal(await page.locator('#amount').inputValue(), '90', 'what was typed is kept');
  await accessible(page, 'a request with a mistake');
}, { refusals: true });

story('a post is put on the board and taken back', async ({ page }) => {
  await enterAs(page, 'holder');
  await page.goto(`${TOWN}/board/new`);
  await page.locator('#title').fill('周末拼车去城里');
  await page.locator('#amount').fill('18');
  await page.locator('main form button[type=submit]').last().click();
  await page.waitForURL(/\/board\?/);
  await page.locator('a.post', { hasText: '周末拼车去城里' }).first().click();
  await page.locator('form[action$="/withdraw"] button').click();
  await page.waitForURL(/\/board\?/);
});

story('a limit bites before money moves', async ({ page }) => {
  await enterAs(page, 'holder');
  await page.goto(`${TOWN}/limits`);
  await page.locator('details summary').first().click();
  await page.locator('#single').fill('5');
  await page.locator('form[action="/limits"] button').first().click();
  await page.waitForURL(/notice=limits-/);
  await page.goto(`${TOWN}/pay`);
  await page.locator('ul.shops a').first().click();
  await page.locator('#amount').fill('5.01');
  await page.locator('main form button[type=submit]').first().click();
  await page.locator('form[action$="/confirm"] button[type=submit]').last().click();
  await page.locator('#amount-error').waitFor();
  await picture(page, 'story-8-limit');
}, { refusals: true });

// Story 1: a holder sees the own cards in three views; the choice is kept; a card is named, frozen, asked, unfrozen.
import assert from 'node:assert/strict';

import { DESKTOP, TOWN, accessible, enterAs, fitsItsWidth, picture, story } from '../browser.mjs';

const VIEWS = { pictures: '.card-grid .card-art', details: 'ul.stack .key-values', icons: 'ul.lines .card-icon' };

for (const language of ['zh-CN', 'en']) {
  story(`a holder sees the cards in three views: ${language}`, async ({ page }) => {
    await enterAs(page, 'holder');
    await page.goto(`${TOWN}/cards`);
    for (const [view, shown] of Object.entries(VIEWS)) {
      await page.locator(`button[name=view][value=${view}]`).click();
      assert.ok(await page.locator(shown).count() > 0, `the view ${view} shows a card`);
      assert.ok(await page.locator('.badge').count() > 0, 'each card says its state in words');
      await page.goto(`${TOWN}/cards`);
      assert.equal(await page.locator(`button[name=view][value=${view}]`).getAttribute('aria-pressed'), 'true');
      await accessible(page, `cards as ${view}`);
      await fitsItsWidth(page, `cards as ${view}`);
      await picture(page, `story-1-cards-${view}-${language}`);
    }
    await page.locator('button[name=view][value=pictures]').click();
  }, { language });
}

story('a holder names, freezes and unfreezes a card and asks its bank', async ({ page }) => {
  await enterAs(page, 'holder');
  await page.goto(`${TOWN}/cards`);
  await page.locator('.card-caption a').first().click();
  await page.locator('#label').fill('工资卡');
  await page.locator('form[action$="/label"] button').click();
  assert.match(await page.locator('h1').textContent(), /工资卡/);
  await page.locator('form[action$="/balance"] button').click();
  assert.match(await page.locator('.detail-side').textContent(), /[\d,]+\.\d\d/);
  await page.goBack();
  await page.locator('form[action$="/freeze"] button').click();
  await page.locator('form[action$="/unfreeze"] button').waitFor();
  await accessible(page, 'a frozen card');
  await picture(page, 'story-1-card-frozen');
  await page.locator('form[action$="/unfreeze"] button').click();
  await page.locator('form[action$="/freeze"] button').waitFor();
}, { viewport: DESKTOP });

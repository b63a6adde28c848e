// Language and theme are the visitor's choice and stay.
import assert from 'node:assert/strict';

import { TOWN, accessible, enterAs, story } from '../browser.mjs';

async function language(page) {
  return page.evaluate(() => document.documentElement.lang);
}

async function background(page) {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

story('English and the dark theme survive a reload and a new page', async ({ page }) => {
  await enterAs(page, 'holder');
  assert.equal(await language(page), 'zh-CN');
  const bright = await background(page);
  await page.locator('.top-tools button[name=language]').click();
  assert.equal(await language(page), 'en');
  await page.locator('.top-tools button[name=theme]').click();
  const dark = await background(page);
  assert.notEqual(dark, bright);
  await page.reload();
  assert.deepEqual([await language(page), await background(page)], ['en', dark]);
  await page.goto(`${TOWN}/history`);
  assert.deepEqual([await language(page), await background(page)], ['en', dark]);
  await accessible(page, 'the history, dark');
  await page.goto(`${TOWN}/home`);
  await accessible(page, 'the home, dark');

  // The choice is kept with the holder, so it is given back for the stories after this one.
  await page.goto(`${TOWN}/settings`);
  await page.locator('button[name=theme][value=system]').click();
  assert.equal(await background(page), bright);
  await page.locator('.top-tools button[name=language]').click();
  assert.equal(await language(page), 'zh-CN');
});

story('a visitor from abroad is greeted in English, and a dark machine gets a dark page', async ({ page }) => {
  await page.goto(`${TOWN}/`);
  assert.equal(await language(page), 'en');
  await accessible(page, 'the front page, dark');
}, { language: 'en-GB', theme: 'dark' });

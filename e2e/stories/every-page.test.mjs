// Every page in both languages and themes, on a phone and on a desk: checked for accessibility, and pictures to look at.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { DESKTOP, NARROWEST, PHONE, accessibleAsItIs, fitsItsWidth, picture, showsItsFocus, story } from '../browser.mjs';
import { NOT_PAGES, PAGES, SEEN_IN_STORIES, eachPage, routeOf } from '../pages.mjs';

const VIEWS = [
  { language: 'zh-CN', theme: 'light', size: 'phone' },
  { language: 'zh-CN', theme: 'dark', size: 'phone' },
  { language: 'en', theme: 'light', size: 'phone' },
  { language: 'en', theme: 'dark', size: 'phone' },
  { language: 'zh-CN', theme: 'light', size: 'desktop' },
  { language: 'en', theme: 'dark', size: 'desktop' },
];

for (const { language, theme, size } of VIEWS) {
  const view = `${language}-${theme}-${size}`;
  story(`everybody can use and read every page: ${view}`, async ({ page }) => {
    await eachPage(page, async (_, what, word) => {
      await fitsItsWidth(page, `${what} (${view})`);
      // What axe looks at depends on language and theme; the desk only rearranges it.
      if (size === 'phone') await accessibleAsItIs(page, `${what} (${view})`);
      await picture(page, `${word}-${view}`);
    });
  }, { viewport: size === 'phone' ? PHONE : DESKTOP, language, theme, minutes: 6 });
}

for (const language of ['zh-CN', 'en']) {
  story(`every page fits the narrowest phone and shows where the keyboard is: ${language}`, async ({ page }) => {
    await eachPage(page, async (_, what) => {
      await fitsItsWidth(page, `${what} (${language})`);
      await showsItsFocus(page, what);
    });
  }, { viewport: NARROWEST, language, minutes: 4 });
}

test('no page of the server is missing from the list of pages', () => {
  const table = fs.readFileSync(new URL('../../crates/server/tests/api/access_matrix.txt', import.meta.url), 'utf8');
  const served = [...table.matchAll(/^GET +(\/\S*)/gm)].map(([, path]) => path.replaceAll(/=[^}]*/g, ''));
  const listed = new Set([...NOT_PAGES, ...SEEN_IN_STORIES, ...Object.values(PAGES).flat().map(routeOf)]);
  const missing = served.filter((path) => !path.startsWith('/api/') && !listed.has(path));
  assert.deepEqual(missing, [], 'pages to be added to e2e/pages.mjs');
});

// Every page in both languages and themes, on a phone and on a desk: pictures to look at, checked for accessibility.
import { DESKTOP, PHONE, TOWN, accessible, enterAs, fitsItsWidth, picture, story } from '../browser.mjs';

const PAGES = {
  guest: ['/', '/login', '/register'],
  holder: ['/home', '/top-up', '/withdraw', '/transfer', '/pay', '/history', '/cards', '/settings'],
  merchant: ['/merchant'],
  operator: ['/operator'],
};

/** A page of which only the town knows the address: the newest payment. */
async function newestPayment(page) {
  await page.goto(`${TOWN}/history?kind=payment`);
  return page.locator('ul.lines a.line').first().getAttribute('href');
}

for (const language of ['zh-CN', 'en']) {
  for (const theme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      const view = `${language}-${theme}-${size}`;
      story(`every page can be seen: ${view}`, async ({ page }) => {
        for (const [role, paths] of Object.entries(PAGES)) {
          if (role !== 'guest') await enterAs(page, role);
          const more = role === 'holder' ? [await newestPayment(page)] : [];
          for (const path of [...paths, ...more]) {
            await page.goto(TOWN + path);
            await fitsItsWidth(page, path);
            await accessible(page, `${path} (${view})`);
            const name = path.startsWith('/transactions/') ? 'transaction' : path.slice(1) || 'town';
            await picture(page, `${name}-${view}`);
          }
        }
      }, { viewport, language, theme });
    }
  }
}

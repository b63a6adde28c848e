// A wallet that was left open locks after five minutes in every tab, and opens again at the same place.
import assert from 'node:assert/strict';

import { DESKTOP, TOWN, accessible, fitsItsWidth, picture, story } from '../browser.mjs';

const PASSWORD = 'seven willows by the water';
const PIN = '274916';

async function signUp(page) {
  const number = String(Date.now()).slice(-8);
  await page.goto(`${TOWN}/register`);
  await page.locator('#display_name').fill('Idle Holder');
  await page.locator('#login').fill(`idle${number}`);
  await page.locator('#phone').fill(`137${number}`);
  await page.locator('#password').fill(PASSWORD);
  await page.locator('main form button[type=submit]').click();
  await page.waitForURL(/\/home/);
  await page.goto(`${TOWN}/settings/security/pin`);
  await page.locator('#pin').fill(PIN);
  await page.locator('form[action="/settings/security/pin"] button[type=submit]').click();
  await page.waitForURL(/\/settings\/security\?/);
}

const atTheLock = (page) => page.waitForURL(/\/lock\?next=/);

for (const language of ['zh-CN', 'en']) {
  story(`an idle wallet locks in every tab and opens at the same place in ${language}`, async ({ page, context }) => {
    await page.clock.install();
    await signUp(page);
    const other = await context.newPage();
    await other.goto(`${TOWN}/history?kind=payment`);
    await page.goto(`${TOWN}/transfer`);
    await page.clock.fastForward('04:50');
    await page.locator('#payee').pressSequentially('somebody');
    await page.clock.fastForward('04:50');
    assert.equal(new URL(page.url()).pathname, '/transfer', 'whoever types is there');
    await page.clock.fastForward('05:01');
    await atTheLock(page);
    await atTheLock(other);
    await accessible(page, 'the lock');
    await fitsItsWidth(page, 'the lock');
    await picture(page, `lock-${language}`);
    assert.equal(await page.locator('.balance, .lines').count(), 0, 'nothing of the wallet is to be seen');
    await page.goto(`${TOWN}/home`);
    await atTheLock(page);

    await other.locator('#pin').fill('905538');
    await other.locator('form:has(#pin) button[type=submit]').click();
    await other.locator('#pin-error').waitFor();
    await other.locator('#pin').fill(PIN);
    await other.locator('form:has(#pin) button[type=submit]').click();
    await other.waitForURL(/\/history\?kind=payment/);
    await page.goto(`${TOWN}/home`);
    assert.equal(new URL(page.url()).pathname, '/home', 'one proof opens all tabs');

    await page.locator('form[data-lock-seconds] button').click();
    await atTheLock(page);
    await page.locator('#password').fill(PASSWORD);
    await page.locator('form:has(#password) button[type=submit]').click();
    await page.waitForURL(/\/home/);
  }, { language, viewport: DESKTOP });
}

// A new holder signs up, adds passkey, authenticator app and payment PIN, comes back by passkey, and ends another device.
import assert from 'node:assert/strict';

import { DESKTOP, PHONE, TOWN, accessible, fitsItsWidth, picture, story, visit, withAuthenticator } from '../browser.mjs';
import { oneTimePassword } from '../one-time-password.mjs';

const PASSWORD = 'seven willows by the water';
const PIN = '274916';

async function signUp(page, login, phone) {
  await page.goto(`${TOWN}/register`);
  await page.locator('#display_name').fill('新人');
  await page.locator('#login').fill(login);
  await page.locator('#phone').fill(phone);
  await page.locator('#password').fill('12345678');
  await page.locator('main form button[type=submit]').click();
  await page.locator('#password-error').waitFor();
  await page.locator('#password').fill(PASSWORD);
  await page.locator('main form button[type=submit]').click();
  await page.waitForURL(/\/home/);
}

async function addEverything(page, language) {
  await page.goto(`${TOWN}/settings`);
  await page.locator('a[href="/settings/security"]').click();
  await accessible(page, 'the security page');
  await picture(page, `security-${language}`);
  await page.locator('a[href="/settings/security/passkeys"]').click();
  await accessible(page, 'the passkeys');
  await page.locator('form[data-passkey=create] button').click();
  await page.locator('.way-on input[name=name]').waitFor();
  await accessible(page, 'the passkeys with one');
  await page.goto(`${TOWN}/settings/security/authenticator`);
  await accessible(page, 'the authenticator app');
  await picture(page, `authenticator-${language}`);
  const secret = await page.locator('.scan-me code').textContent();
  await page.locator('#code').fill(oneTimePassword(secret));
  await page.locator('form[action="/settings/security/authenticator"] button[type=submit]').click();
  await page.locator('.codes li').first().waitFor();
  const codes = await page.locator('.codes li').allTextContents();
  await accessible(page, 'the recovery codes');
  await page.goto(`${TOWN}/settings/security/pin`);
  await page.locator('#pin').fill('123456');
  await page.locator('form[action="/settings/security/pin"] button[type=submit]').click();
  await page.locator('#pin-error').waitFor();
  await page.locator('#pin').fill(PIN);
  await page.locator('form[action="/settings/security/pin"] button[type=submit]').click();
  await page.waitForURL(/\/settings\/security\?/);
  assert.equal(await page.locator('.way .badge-ok').count(), 4, 'passkey, password, authenticator and PIN are on');
  return { secret, codes };
}

async function comeBackByPassword(language, login, { secret, codes }) {
  const { context, page } = await visit({ viewport: DESKTOP, language });
  await page.goto(`${TOWN}/login`);
  await page.locator('#login').fill(login);
  await page.locator('#password').fill(PASSWORD);
  await page.locator('form[action="/login"] button[type=submit]').click();
  await page.waitForURL(/\/login\/code/);
  await accessible(page, 'the second factor');
  // The code that switched the app on has been used: only the next one counts.
  await page.locator('#code').fill('000000');
  await page.locator('main form button[type=submit]').click();
  await page.locator('#code-error').waitFor();
  await page.locator('#code').fill(language === 'en' ? codes[0] : oneTimePassword(secret, 1));
  await page.locator('main form button[type=submit]').click();
  await page.waitForURL(/\/home/);
  return { context, page };
}

for (const language of ['zh-CN', 'en']) {
  story(`a new holder registers safely and comes back by passkey in ${language}`, async ({ page }) => {
    await withAuthenticator(page);
    const number = String(Date.now()).slice(-8);
    const login = `new${number}`;
    await signUp(page, login, `139${number}`);
    const factors = await addEverything(page, language);

    await page.goto(`${TOWN}/settings`);
    await page.locator('form[action="/logout"] button').click();
    // The browser offers the passkey in the field of the name; the virtual finger accepts it.
    await page.waitForURL(/\/home/, { timeout: 15_000 }).catch(async () => {
      await page.locator('form[data-passkey=get] button').click();
      await page.waitForURL(/\/home/);
    });

    const laptop = await comeBackByPassword(language, login, factors);
    await page.goto(`${TOWN}/settings/security/devices`);
    assert.equal(await page.locator('.devices > li').count(), 2, 'phone and laptop are logged in');
    await accessible(page, 'the devices');
    await fitsItsWidth(page, 'the devices');
    await picture(page, `devices-${language}`);
    await page.locator('form[action$="/end"] button').click();
    await page.waitForFunction(() => document.querySelectorAll('.devices > li').length === 1);
    await laptop.page.goto(`${TOWN}/home`);
    assert.equal(new URL(laptop.page.url()).pathname, '/login', 'the laptop is out');
    await laptop.context.close();

    await page.goto(`${TOWN}/pay`);
    await page.locator('a.shop').first().click();
    await fitsItsWidth(page, 'the shop');
  }, { language, viewport: PHONE });
}

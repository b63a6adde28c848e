// A vault is made, filled, locked, opened again, and fills in an order form.
import assert from 'node:assert/strict';

import { TOWN, accessible, enterAs, fitsItsWidth, picture, story, withAuthenticator } from '../browser.mjs';

const PIN = '柳树下的第七块石头';

const send = (page) => page.locator('main form button[type=submit]').last().click();

async function make(page) {
  await page.goto(`${TOWN}/vault`);
  if (await page.locator('form[action="/vault/create"]').count() === 1) {
    await accessible(page, 'the empty vault');
    await page.locator('input#pin').fill(PIN);
    await page.locator('input#pin_again').fill(PIN);
    await send(page);
    await page.locator('.reset-code').waitFor();
    await accessible(page, 'the reset code');
    await page.goto(`${TOWN}/vault`);
    return;
  }
  await page.locator('input#pin').fill(PIN);
  await page.locator('form[action="/vault/open"] button').click();
  await page.locator('form[action="/vault/lock"]').waitFor();
}

async function add(page, kind, fields) {
  await page.goto(`${TOWN}/vault/new?kind=${kind}`);
  for (const [name, value] of Object.entries(fields)) await page.locator(`[name="${name}"]`).fill(value);
  await send(page);
  await page.waitForURL(/\/vault\/items\//);
}

for (const language of ['zh-CN', 'en']) {
  story(`a vault keeps, finds and fills in, in ${language}`, async ({ page }) => {
    await enterAs(page, 'holder');
    await make(page);
    await picture(page, `vault ${language}`);
    await fitsItsWidth(page, 'the vault');
    await accessible(page, 'the open vault');

    await add(page, 'note', { name: 'Bank', words: '卡号 6225 8812-3456 7890，写信给 a.li@example.com 或看 www.tea.test/menu' });
    const found = await page.locator('.vault-picked').textContent();
    for (const part of ['6225881234567890', 'a.li@example.com', 'www.tea.test/menu']) assert.ok(found.includes(part), part);
    await accessible(page, 'a note');
    await picture(page, `vault note ${language}`);

    await add(page, 'user_info', { name: 'Me', first_name: '雷', last_name: '李' });
    await add(page, 'address', { name: 'Home', street_1: '柳荫路 1', city: '青柳镇', country: 'CN' });
    await page.goto(`${TOWN}/vault/new-set`);
    await page.locator('input#name').fill(`Home ${language}`);
    for (const box of await page.locator('input[type=checkbox]').all()) await box.check();
    await accessible(page, 'a new profile set');
    await send(page);
    await page.locator('a[href^="/vault/order-form?set="]').click();
    const city = page.locator('[name="Ecom_ShipTo_Postal_City"]');
    assert.equal(await city.inputValue(), '青柳镇');
    assert.equal(await city.getAttribute('autocomplete'), 'shipping address-level2');
    await accessible(page, 'the order form');
    await picture(page, `vault order form ${language}`);

    await page.goto(`${TOWN}/vault?sort=date`);
    await page.locator('form[action="/vault/lock"] button').click();
    await page.locator('form[action="/vault/open"]').waitFor();
    await accessible(page, 'the locked vault');
    await page.goto(`${TOWN}/vault/new?kind=note`);
    assert.equal(new URL(page.url()).pathname, '/vault', 'a locked vault shows nothing');
    await page.locator('input#pin').fill('000000');
    await page.locator('form[action="/vault/open"] button').click();
    await page.locator('#pin-error').waitFor();
    await page.locator('input#pin').fill(PIN);
    await page.locator('form[action="/vault/open"] button').click();
    await page.locator('form[action="/vault/lock"]').waitFor();
  }, { refusals: true, language });
}

/** A new holder, whose device may keep secrets, with a passkey and a vault that holds a note. */
async function newcomer(page, { secrets }) {
  await withAuthenticator(page, { secrets });
  const serial = String(Math.floor(Math.random() * 1e8)).padStart(8, '0');
  await page.goto(`${TOWN}/register`);
  const typed = { display_name: '新人', login: `vault${serial}`, phone: `139${serial}`, password: 'seven willows by the water' };
  for (const [name, value] of Object.entries(typed)) await page.locator(`#${name}`).fill(value);
  await page.locator('main form button[type=submit]').click();
  await page.waitForURL(/\/home/);
  await page.goto(`${TOWN}/settings/security/passkeys`);
  await page.locator('form[data-passkey=create] button').click();
  await page.locator('.way-on input[name=name]').waitFor();
  await make(page);
  await add(page, 'note', { name: 'Bank', words: 'the word is willow' });
  await page.goto(`${TOWN}/vault/passkeys`);
}

for (const language of ['zh-CN', 'en']) {
  story(`a passkey opens a vault without its PIN: ${language}`, async ({ page }) => {
    await newcomer(page, { secrets: true });
    await accessible(page, 'the passkeys of a vault');
    await fitsItsWidth(page, 'the passkeys of a vault');
    await page.locator('form[action="/vault/passkeys"] button').click();
    await page.locator('form[action="/vault/passkeys/forget"]').waitFor();
    await picture(page, `vault passkeys ${language}`);

    await page.goto(`${TOWN}/vault`);
    await page.locator('form[action="/vault/lock"] button').click();
    const opening = page.locator('form[action="/vault/open/passkey"]');
    await opening.waitFor();
    await accessible(page, 'a locked vault that a passkey opens');
    await picture(page, `vault locked passkey ${language}`);
    await opening.locator('button').click();
    await page.locator('form[action="/vault/lock"]').waitFor();
    await page.locator('ul.lines a', { hasText: 'Bank' }).click();
    await page.getByText('the word is willow').first().waitFor();

    await page.goto(`${TOWN}/vault/passkeys`);
    await page.locator('form[action="/vault/passkeys/forget"] button').click();
    await page.waitForURL(/notice=/);
    await page.goto(`${TOWN}/vault`);
    await page.locator('form[action="/vault/lock"] button').click();
    await page.locator('form[action="/vault/open"]').waitFor();
    assert.equal(await opening.count(), 0, 'the PIN alone opens it again');
  }, { language });
}

story('a passkey whose device keeps no secret cannot open a vault, and says so', async ({ page }) => {
  await newcomer(page, { secrets: false });
  await page.locator('form[action="/vault/passkeys"] button').click();
  await page.locator('[data-passkey-failed]:visible').waitFor();
  assert.equal(await page.locator('form[action="/vault/passkeys/forget"]').count(), 0);
});

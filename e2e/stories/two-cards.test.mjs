// A holder loads a card on the web to pay other cards; two cards are held together, one is pulled away in the middle, and both
// are held together again. Nobody else is there, and every unit is accounted for.
import assert from 'node:assert/strict';

import { CARDS, DESKTOP, TOWN, accessible, picture, story, visit } from '../browser.mjs';
import { cardOf, cardsOnTable, clearReaders } from '../cards.mjs';

const HOLDER = '韩梅梅';

const PAGE = `${CARDS}/two-cards`;

/** What the cards hold, in fen, by number; and the difference of the books. */
async function books(page) {
  await page.goto(PAGE);
  const cards = await page.locator('li[data-card]').evaluateAll((all) => all.map((card) => [
    card.dataset.card, Math.round(100 * Number(card.querySelector('.balance').textContent.replace(/[^0-9.]/g, ''))),
  ]));
  const difference = await page.locator('[data-difference]').getAttribute('data-difference');
  return { cards: new Map(cards), difference };
}

async function pay(page, payer, payee, amount, torn = 'neither') {
  await page.goto(PAGE);
  await page.locator('select[name=payer]').selectOption(payer);
  await page.locator('select[name=payee]').selectOption(payee);
  await page.locator('#amount').fill(amount);
  await page.locator('select[name=torn]').selectOption(torn);
  await page.locator('form[action="/two-cards/pay"] button').click();
  await page.locator('.word').waitFor();
  return page.locator('.word').innerText();
}

/** Sends one of the forms of a card, with what is typed into it. */
async function atCard(page, card, action, amount) {
  const form = page.locator(`li[data-card="${card}"] form[action="/two-cards/${action}"]`);
  if (amount) {
    await page.locator(`li[data-card="${card}"] summary`).click();
    await form.locator('input[name=amount]').fill(amount);
  }
  await form.locator('button').click();
  await page.locator('.word').waitFor();
  return page.locator('.word').innerText();
}

/** Has the pages of who is logged in speak a language, which is kept with the account. */
async function speak(page, language) {
  await page.goto(`${TOWN}/card-purses`);
  if (await page.locator('html').getAttribute('lang') !== language) {
    await page.locator('.top-tools button[name=language]').click();
    await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
  }
}

for (const language of ['zh-CN', 'en']) {
  story(`two cards pay each other with nobody else there: ${language}`, async ({ page: wallet }) => {
    const { context: hands, page: table } = await visit({ viewport: DESKTOP, language });
    await wallet.goto(`${TOWN}/town/login/hanmeimei`);
    await speak(wallet, language);
    const { number } = await cardOf(table, HOLDER);
    await clearReaders(table);
    await wallet.goto(`${TOWN}/card-purses`);
    await wallet.locator(`main a[href="/card-purses/${number}"]`).first().click();
    await wallet.locator('main a[href$="/transfer-loads"]').click();
    await wallet.locator('input[name=amount]').fill('0');
    await wallet.locator('main form button[type=submit]').click();
    await wallet.locator('.error-summary').waitFor();
    await wallet.locator('input[name=amount]').fill('30.00');
    await wallet.locator('main form button[type=submit]').click();
    await wallet.locator('.flash').waitFor();
    await accessible(wallet, 'loads of a card that pays cards');
    await picture(wallet, `transfer-loads-${language}`);
    await speak(wallet, 'zh-CN');

    const other = (await cardsOnTable(table)).find((card) => card.state === 'bound' && card.number !== number)?.number;
    assert.ok(other, 'somebody else has a card that can be used');
    const before = await books(table);
    assert.equal(before.difference, '0', 'what waits is counted');
    await atCard(table, number, 'fetch');
    const loaded = await books(table);
    assert.equal(loaded.cards.get(number), before.cards.get(number) + 3_000);

    assert.match(await pay(table, number, other, '12.50'), /Paid/);
    assert.match(await pay(table, number, other, '500.00'), /holds too little/);
    assert.match(await pay(table, number, number, '1.00'), /two cards/);
    for (const [torn, amount, units] of [['payer', '3.00', 300], ['payee', '2.00', 200]]) {
      const whole = await books(table);
      assert.match(await pay(table, number, other, amount, torn), /hold both cards again/);
      const half = await books(table);
      assert.equal(half.difference, '0', `${torn} is pulled away: the payment is on its way`);
      assert.equal(half.cards.get(number), whole.cards.get(number) - units);
      assert.equal(half.cards.get(other), whole.cards.get(other));
      if (torn === 'payer') await picture(table, `two-cards-torn-${language}`);
      await table.locator('form[action="/two-cards/end"] button:not([formaction])').click();
      await table.locator('.word').waitFor();
      const ended = await books(table);
      assert.equal(ended.difference, '0', `${torn}: both were held together again`);
      assert.equal(ended.cards.get(other), whole.cards.get(other) + units);
    }
    const after = await books(table);
    assert.equal(after.cards.get(number), loaded.cards.get(number) - 1_750);

    // A payment that both give up comes back to the payer, once both have visited the issuer.
    assert.match(await pay(table, number, other, '1.50', 'payer'), /hold both cards again/);
    await table.goto(PAGE);
    await table.locator('form[action="/two-cards/end"] button[formaction="/two-cards/give-up"]').click();
    await table.locator('.word').waitFor();
    const givenUp = await books(table);
    assert.equal(givenUp.difference, '0', 'both gave it up: it is on its way');
    assert.equal(givenUp.cards.get(number), after.cards.get(number) - 150);
    for (const card of [number, other, number]) {
      assert.match(await atCard(table, card, 'fetch'), /visited its issuer/);
      assert.equal((await books(table)).difference, '0', 'every visit leaves the books even');
    }
    const back = await books(table);
    assert.equal(back.cards.get(number), after.cards.get(number), 'what was lost came back');
    assert.equal(back.cards.get(other), after.cards.get(other));

    // The payee gives part of what it was paid to the wallet of its holder.
    assert.match(await atCard(table, other, 'unload', '0'), /Type an amount/);
    await table.goto(PAGE);
    assert.match(await atCard(table, other, 'unload', '9999.00'), /holds less/);
    await table.goto(PAGE);
    assert.match(await atCard(table, other, 'unload', '2.50'), /Given back to the wallet/);
    const unloaded = await books(table);
    assert.equal(unloaded.difference, '0', 'what was given back has left the float');
    assert.equal(unloaded.cards.get(other), after.cards.get(other) - 250);
    await accessible(table, 'two cards');
    await picture(table, `two-cards-${language}`);
    await hands.close();
  });
}

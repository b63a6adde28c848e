// What a visitor does with card purses: lays them on readers, takes them away, orders loads, sells at a terminal.
import assert from 'node:assert/strict';

import { CARDS, TOWN } from './browser.mjs';

/** The readers of the table, in its order. */
export const CANTEEN = 0;
export const TEA = 1;

/** The cards on the table: number, state, holder, and what each says that it holds, in fen. Copies are left out. */
export async function cardsOnTable(page) {
  await page.goto(CARDS);
  return page.locator('li[data-card]').evaluateAll((cards) => cards
    .filter((card) => !card.dataset.card.endsWith('-copy'))
    .map((card) => ({
      number: card.dataset.card,
      state: card.dataset.state,
      holder: card.querySelector('h3').textContent.trim(),
      balance: Math.round(100 * Number(card.querySelector('.balance').textContent.replace(/[^0-9.]/g, ''))),
    })));
}

/** The first card of a holder that can be used. */
export async function cardOf(page, holder) {
  const cards = await cardsOnTable(page);
  const card = cards.find((candidate) => candidate.state === 'bound' && candidate.holder.includes(holder));
  assert.ok(card, `${holder} has a card on the table`);
  return card;
}

/** Takes away whatever lies on a reader, and lays a card there; `pull`: never, before or after it has paid. */
export async function lay(page, number, reader, pull = 'never') {
  await page.goto(CARDS);
  await takeAway(page, reader);
  const card = page.locator(`li[data-card="${number}"]`);
  if (await card.locator('form.lay').count() === 0) await clearReaders(page);
  await card.locator('select[name=reader]').selectOption(String(reader));
  await card.locator('select[name=pull]').selectOption(pull);
  await card.locator('form.lay button').click();
  await page.locator(`li[data-reader="${reader}"] form[action="/take-away"]`).waitFor();
}

/** Takes the cards from all readers. */
export async function clearReaders(page) {
  const taken = await page.locator('li[data-reader]').filter({ has: page.locator('form[action="/take-away"]') })
    .evaluateAll((readers) => readers.map((each) => Number(each.dataset.reader)));
  for (const each of taken) await takeAway(page, each);
}

/** Takes the card from a reader, where one lies there. */
export async function takeAway(page, reader) {
  const button = page.locator(`li[data-reader="${reader}"] form[action="/take-away"] button`);
  if (await button.count() > 0) await button.click();
  await button.waitFor({ state: 'detached' });
}

/** Cuts or mends the network of a terminal. */
export async function network(page, reader, state) {
  await page.goto(CARDS);
  const button = page.locator(`li[data-reader="${reader}"] button[name=network]`);
  if (await button.getAttribute('value') === state) await button.click();
  await page.locator(`li[data-reader="${reader}"] button[name=network][value="${state === 'cut' ? 'mend' : 'cut'}"]`).waitFor();
}

/** Every unit of all cards is accounted for. Uploads may be under way while it is counted. */
export async function cardsAddUp(page, when) {
  let difference;
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await page.goto(CARDS);
    difference = await page.locator('[data-difference]').getAttribute('data-difference');
    if (difference === '0') return;
    await page.waitForTimeout(500);
  }
  assert.equal(difference, '0', `the cards add up ${when}`);
}

/** The holder, who is logged in on `wallet`, orders a load, and it goes onto the card at a terminal. */
export async function load(wallet, table, till, number, amount, [address, reader]) {
  await wallet.goto(`${TOWN}/card-purses/${number}`);
  await wallet.locator('form[action$="/load-orders"] input[name=amount]').fill(amount);
  await wallet.locator('form[action$="/load-orders"] button[type=submit]').click();
  await wallet.locator('form[action$="/withdraw"]').first().waitFor();
  await lay(table, number, reader);
  await till.goto(`${address}/card`);
  await till.locator('form[action="/card/load"] button[type=submit]').click();
  await till.locator('.till-paid').waitFor({ timeout: 15_000 });
}

/** Begins a sale at a terminal; resolves when there is a word about it. */
export async function sell(till, address, amount) {
  await till.goto(address);
  await till.locator('form.till input#amount').fill(amount);
  await till.locator('form.till button[type=submit]').click();
  await till.locator('.till-paid, .till-word[role=alert], .error-summary').first().waitFor({ timeout: 15_000 });
}

/** Waits until a terminal's page says that so many records are still to be uploaded. */
export async function waitForQueue(till, address, records) {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    await till.goto(address);
    if (await till.locator('[data-waiting]').getAttribute('data-waiting') === String(records)) return;
    await till.waitForTimeout(500);
  }
  assert.fail(`${address} still has other than ${records} records to upload`);
}

/** Has a terminal look for the server now. */
export async function sync(till, address) {
  await till.goto(`${address}/state`);
  await till.locator('form[action="/sync"] button').click();
  await till.waitForURL(/\/state/);
}

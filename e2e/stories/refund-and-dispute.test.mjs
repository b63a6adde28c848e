// Story 10: a sale at the till undone, a part given back, a dispute that two operators decide.
import assert from 'node:assert/strict';

import { DESKTOP, TOWN, accessible, enterAs, story, visit } from '../browser.mjs';

/** Makes a payment link as the shop; returns the address of its checkout and of the order's page. */
async function link(shop, { amount, description, escrow = false }) {
  await shop.goto(`${TOWN}/merchant/orders/new`);
  await shop.locator('input#amount').fill(amount);
  await shop.locator('select#currency').selectOption('CNY');
  await shop.locator('input#description').fill(description);
  if (escrow) await shop.locator('input[name=escrow]').check();
  await shop.locator('main form button[type=submit]').click();
  await shop.waitForURL(/\/merchant\/orders\/[0-9a-f]{32}$/);
  const checkout = await shop.locator('p.link-address a').getAttribute('href');
  return { order: shop.url(), checkout: TOWN + checkout };
}

async function pay(holder, checkout) {
  await holder.goto(checkout);
  await holder.locator('form#pay button').click();
  await holder.locator('.flash').waitFor();
}

for (const language of ['zh-CN', 'en']) {
  story(`a sale at the till is paid by a scanned order and undone: ${language}`, async ({ page: holder }) => {
    const { context, page: shop } = await visit({ viewport: DESKTOP, language });
    await enterAs(shop, 'merchant');
    await enterAs(holder, 'holder');
    await shop.goto(`${TOWN}/till`);
    await accessible(shop, 'the till');
    await shop.locator('.item-step input').first().fill('2');
    await shop.locator('.till-side button[type=submit]').first().click();
    await shop.waitForURL(/\/till\/sales\//);
    await accessible(shop, 'a sale that waits');
    const order = new URL(shop.url()).pathname.split('/').pop();
    await pay(holder, `${TOWN}/checkout/${order}`);
    await shop.locator('.till-paid').waitFor({ timeout: 5_000 });
    await accessible(shop, 'a paid sale');
    await shop.locator('form[action^="/till/undo/"] button').click();
    await shop.locator('.flash').waitFor();
    await shop.goto(`${TOWN}/till/sales/${order}`);
    assert.equal(await shop.locator('form[action^="/till/undo/"]').count(), 0, 'what is undone is not undone again');
    await shop.goto(`${TOWN}/till/report`);
    await accessible(shop, 'the shift’s report');
    await shop.locator('.verdict-ok').waitFor();
    await context.close();
    await holder.goto(`${TOWN}/checkout/${order}`);
    assert.equal(await holder.locator('.badge-muted').count(), 1, 'the order says that it was refunded');
  }, { language });
}

story('a part is given back with a reason, and the order tells the story', async ({ page: holder }) => {
  const { context, page: shop } = await visit({ viewport: DESKTOP });
  await enterAs(shop, 'merchant');
  await enterAs(holder, 'holder');
  const { order, checkout } = await link(shop, { amount: '20.00', description: 'Lunch for two' });
  await pay(holder, checkout);
  await shop.goto(order);
  await shop.locator('form[action$="/refund"] input#amount').fill('8.00');
  await shop.locator('form[action$="/refund"] input#memo').fill('one dish was cold');
  await shop.locator('form[action$="/refund"] button[type=submit]').click();
  await shop.locator('.flash').waitFor();
  await accessible(shop, 'a partly refunded order');
  assert.match(await shop.locator('.timeline').innerText(), /one dish was cold/);
  await context.close();
});

for (const language of ['zh-CN', 'en']) {
  story(`a dispute holds the money until two operators have decided: ${language}`, async ({ page: holder }) => {
    const { context, page: shop } = await visit({ viewport: DESKTOP, language });
    await enterAs(shop, 'merchant');
    await enterAs(holder, 'holder');
    const { order, checkout } = await link(shop, { amount: '30.00', description: 'A cake', escrow: true });
    await pay(holder, checkout);
    await holder.locator('input#reason').fill('It arrived crushed');
    await holder.locator('form[action$="/dispute"] button').click();
    await holder.waitForLoadState();
    await accessible(holder, 'a disputed order');
    await shop.goto(order);
    await accessible(shop, 'a disputed order of the shop');
    await shop.locator('input#answer').fill('It left in good order');
    await shop.locator('form[action$="/answer"] button').click();
    await shop.locator('.flash').waitFor();
    await context.close();

    const { context: office, page: operator } = await visit({ viewport: DESKTOP, language });
    await enterAs(operator, 'operator');
    const desk = order.replace('/merchant/orders/', '/operator/disputes/');
    await operator.goto(desk);
    await accessible(operator, 'the desk for disputes');
    await operator.locator('input#share').fill('10.00');
    await operator.locator('form[action$="/propose"] input#note').fill('The courier shares the blame');
    await operator.locator('form[action$="/propose"] button').click();
    await operator.locator('.flash').waitFor();
    assert.equal(await operator.locator('form[action$="/confirm"]').count(), 0, 'nobody confirms alone');
    await office.close();
  }, { language });
}

// A till whose network is cut goes on selling, within limits; a card is pulled away in the middle; and everything adds up.
import assert from 'node:assert/strict';

import { CANTEEN_TILL, CARDS, DESKTOP, TEA_TILL, TOWN, accessible, enterAs, picture, story, visit } from '../browser.mjs';
import {
  CANTEEN, TEA, cardOf, cardsAddUp, cardsOnTable, lay, load, network, sell, sync, takeAway, waitForQueue,
} from '../cards.mjs';

/** The words that the holder's card bears on the table. */
const HOLDER = '李雷';

/** The amount of the report's first figure, in fen. */
async function sold(till) {
  const text = await till.locator('.stats .stat, .stats > *').first().innerText();
  return Math.round(100 * Number(text.match(/[0-9,]+\.[0-9]{2}/)[0].replaceAll(',', '')));
}

for (const language of ['zh-CN', 'en']) {
  story(`a till sells while its network is cut, and is cleared once: ${language}`, async ({ page: till }) => {
    const { context: purse, page: wallet } = await visit({ language });
    const { context: hands, page: table } = await visit({ viewport: DESKTOP, language });
    await enterAs(wallet, 'holder');
    await network(table, CANTEEN, 'mend');
    const { number } = await cardOf(table, HOLDER);
    await load(wallet, table, till, number, '80.00', [CANTEEN_TILL, CANTEEN]);
    await accessible(till, 'a card that was loaded');
    await picture(till, `till-loaded-${language}`);
    await cardsAddUp(table, 'after a load');
    await waitForQueue(till, CANTEEN_TILL, 0);

    // A lost card is on the list that the till holds when its network goes.
    const lost = (await cardsOnTable(table)).find(({ state, holder }) => (
      ['bound', 'listed'].includes(state) && !holder.includes(HOLDER) && !holder.includes('韩梅梅')
    ));
    const { context: office, page: operator } = await visit({ viewport: DESKTOP, language });
    await enterAs(operator, 'operator');
    await operator.goto(`${TOWN}/operator/card-purses/${lost.number}`);
    if (lost.state === 'bound') {
      await operator.locator('form[action$="/list"] button').click();
      await operator.locator('.flash, .badge-warn').first().waitFor();
    }
    await office.close();
    await sync(till, CANTEEN_TILL);
    await till.waitForTimeout(1_500);

    await lay(table, number, CANTEEN);
    await network(table, CANTEEN, 'cut');
    await till.goto(CANTEEN_TILL);
    await till.locator('[data-network="line-off"]').waitFor();
    for (let sale = 1; sale <= 5; sale += 1) {
      await sell(till, CANTEEN_TILL, `3.1${sale}`);
      assert.equal(await till.locator('.till-paid').count(), 1, `sale ${sale} is paid without a network`);
    }
    await accessible(till, 'a sale that is paid');
    await picture(till, `till-paid-offline-${language}`);
    await till.reload();
    assert.equal(await till.locator('.till-paid').count(), 1, 'reloaded, the receipt is the same');
    await sell(till, CANTEEN_TILL, '250.00');
    assert.match(await till.locator('.till-failed').innerText(), /¥200\.00/, 'without a network there is a limit');
    await accessible(till, 'a sale above the limit');
    await till.goto(CANTEEN_TILL);
    assert.equal(await till.locator('[data-waiting]').getAttribute('data-waiting'), '5', 'five records wait');
    await accessible(till, 'the till');
    await picture(till, `till-offline-${language}`);
    await cardsAddUp(table, 'while five records wait');

    await lay(table, lost.number, CANTEEN);
    await sell(till, CANTEEN_TILL, '1.00');
    assert.equal(await till.locator('.till-failed').count(), 1, 'a listed card is refused');

    // The card is pulled away when it has paid, and before it could say so; then it pays elsewhere.
    await lay(table, number, CANTEEN, 'after');
    await sell(till, CANTEEN_TILL, '2.50');
    const broken = till.url();
    assert.equal(await till.locator('.till-waiting[role=alert]').count(), 1, 'the till does not know');
    await accessible(till, 'a card that was pulled away');
    await picture(till, `till-pulled-away-${language}`);
    await cardsAddUp(table, 'while one sale is not known');
    await picture(table, `cards-table-${language}`);
    await accessible(table, 'the table of cards');
    await lay(table, number, TEA);
    await sell(till, TEA_TILL, '8.00');
    assert.equal(await till.locator('.till-paid').count(), 1, 'the card pays elsewhere');
    await cardsAddUp(table, 'after it paid elsewhere');
    await takeAway(table, TEA);

    await network(table, CANTEEN, 'mend');
    await sync(till, CANTEEN_TILL);
    await waitForQueue(till, CANTEEN_TILL, 0);
    await sync(till, TEA_TILL);
    await waitForQueue(till, TEA_TILL, 0);
    await cardsAddUp(table, 'when everything was uploaded');
    await sync(till, CANTEEN_TILL);
    await cardsAddUp(table, 'when it was asked to upload again');
    assert.match(broken, /\/taps\//);

    await till.goto(`${CANTEEN_TILL}/report`);
    const figure = await sold(till);
    assert.ok(figure >= 5 * 310 + 15, 'the report has the five sales');
    await accessible(till, 'the report of a shift');
    await till.locator('form[action="/report/close"] button').click();
    await till.waitForURL(/\/reports\/[0-9]+$/);
    assert.equal(await sold(till), figure, 'the Z report says what the X report said');
    await picture(till, `till-report-${language}`);

    const { context: shop, page: merchant } = await visit({ viewport: DESKTOP, language });
    await enterAs(merchant, 'merchant');
    await merchant.goto(`${TOWN}/merchant/terminals`);
    await accessible(merchant, 'a merchant’s terminals');
    await picture(merchant, `merchant-terminals-${language}`);
    await shop.close();
    await purse.close();
    await hands.close();
  }, { language, minutes: 4, refusals: true });
}

story('a table without scripts shows what lies there', async ({ page }) => {
  await page.goto(CARDS);
  assert.ok(await page.locator('li[data-card]').count() >= 6);
  assert.ok(await page.locator('li[data-reader]').count() >= 3);
}, { scripts: false });

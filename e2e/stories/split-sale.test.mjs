// A card that holds too little pays a part; the wallet pays the rest; and another till closes the sale on the card.
import assert from 'node:assert/strict';

import { CANTEEN_TILL, DESKTOP, TEA_TILL, TOWN, accessible, enterAs, picture, story, visit } from '../browser.mjs';
import { CANTEEN, TEA, cardOf, cardsAddUp, lay, load, network, sync, waitForQueue } from '../cards.mjs';

/** The words that the holder's card bears on the table: somebody whose document was checked. */
const HOLDER = '李雷';

/** Fen as a till takes them. */
const typed = (fen) => (fen / 100).toFixed(2);

/** A sale of which the wallet may owe a part. */
async function sellOnCredit(till, address, fen) {
  await till.goto(address);
  await till.locator('form.till input#amount').fill(typed(fen));
  await till.locator('form.till input[name=may_owe]').check();
  await till.locator('form.till button[type=submit]').click();
  await till.locator('.till-paid, .till-word[role=alert], .error-summary').first().waitFor({ timeout: 15_000 });
}

/** How many parts of sales the wallet has paid for this card, when it owes none any more. */
async function paidParts(wallet, number) {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    await wallet.goto(`${TOWN}/card-purses/${number}`);
    const dues = wallet.locator('section[aria-labelledby="dues"]');
    const paid = await dues.locator('.badge-ok').count();
    if (paid > 0 && await dues.locator('.badge-warn, .badge-info').count() === 0) return paid;
    await wallet.waitForTimeout(500);
  }
  return assert.fail('the wallet has paid what it owed');
}

for (const language of ['zh-CN', 'en']) {
  story(`a sale is split between a card and a wallet: ${language}`, async ({ page: till }) => {
    const { context: purse, page: wallet } = await visit({ language });
    const { context: hands, page: table } = await visit({ viewport: DESKTOP, language });
    await enterAs(wallet, 'holder');
    for (const reader of [CANTEEN, TEA]) await network(table, reader, 'mend');
    for (const address of [CANTEEN_TILL, TEA_TILL]) await sync(till, address);
    const { number } = await cardOf(table, HOLDER);
    await load(wallet, table, till, number, '2.00', [CANTEEN_TILL, CANTEEN]);
    const { balance } = await cardOf(table, HOLDER);

    await lay(table, number, CANTEEN);
    await sellOnCredit(till, CANTEEN_TILL, balance + 2_001);
    assert.match(await till.locator('.till-failed').innerText(), /¥20\.00/, 'the grade allows so much and no more');
    await sellOnCredit(till, CANTEEN_TILL, balance + 500);
    assert.equal(await till.locator('.till-paid').count(), 1, 'the sale is paid');
    const receipt = await till.locator('main').innerText();
    assert.match(receipt, /5\.00/, 'the receipt says what the wallet owes');
    await accessible(till, 'a sale that was split');
    await picture(till, `till-split-${language}`);
    await waitForQueue(till, CANTEEN_TILL, 0);
    await paidParts(wallet, number);
    await accessible(wallet, 'a card whose wallet paid a part');
    await picture(wallet, `card-purse-dues-${language}`);
    await cardsAddUp(table, 'after a sale was split');
    await wallet.goto(`${TOWN}/card-purses/${number}/grade`);
    await accessible(wallet, 'how a grade comes about');
    await picture(wallet, `credit-grade-${language}`);

    // Another till hears that it is paid, tells the card, and only then may the card owe again.
    await sync(till, TEA_TILL);
    await till.waitForTimeout(1_500);
    await lay(table, number, TEA);
    await sellOnCredit(till, TEA_TILL, 300);
    assert.equal(await till.locator('.till-paid').count(), 1, 'the card may owe again');
    await waitForQueue(till, TEA_TILL, 0);
    assert.ok(await paidParts(wallet, number) >= 2, 'both parts are paid');
    await cardsAddUp(table, 'after both');
    await purse.close();
    await hands.close();
  }, { language, minutes: 4, refusals: true });
}

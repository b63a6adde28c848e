// A card purse is copied bit for bit, and both spend: clearing refuses the second one, and the card is taken nowhere any more.
import assert from 'node:assert/strict';

import { CANTEEN_TILL, CARDS, DESKTOP, TEA_TILL, TOWN, accessible, enterAs, picture, story, visit } from '../browser.mjs';
import { CANTEEN, TEA, cardsAddUp, cardsOnTable, lay, load, network, sell, sync, takeAway, waitForQueue } from '../cards.mjs';

for (const language of ['zh-CN', 'en']) {
  story(`a copied card is found when it is cleared: ${language}`, async ({ page: wallet }) => {
    const { context: hands, page: table } = await visit({ viewport: DESKTOP, language });
    const { context: counter, page: till } = await visit({ language });
    const { context: office, page: operator } = await visit({ viewport: DESKTOP, language });
    await wallet.goto(`${TOWN}/town/login/hanmeimei`);
    await enterAs(operator, 'operator');
    await network(table, CANTEEN, 'mend');

    // The desk gives a card to a holder.
    const { number } = (await cardsOnTable(table)).find((card) => card.state === 'made');
    const page = `${TOWN}/operator/card-purses/${number}`;
    await operator.goto(page);
    await operator.locator('form[action$="/give"] input#login').fill('hanmeimei');
    await operator.locator('form[action$="/give"] button[type=submit]').click();
    await operator.locator('.title-row .badge-ok').waitFor();
    await load(wallet, table, till, number, '20.00', [TEA_TILL, TEA]);
    await takeAway(table, TEA);

    await table.goto(CARDS);
    await table.locator(`li[data-card="${number}"] form[action="/copy"] button`).click();
    await table.locator(`li[data-card="${number}-copy"]`).waitFor();
    await cardsAddUp(table, 'with a copy');
    await lay(table, number, TEA);
    await sell(till, TEA_TILL, '3.00');
    assert.equal(await till.locator('.till-paid').count(), 1, 'the card pays');
    await lay(table, `${number}-copy`, CANTEEN);
    await sell(till, CANTEEN_TILL, '4.00');
    assert.equal(await till.locator('.till-paid').count(), 1, 'its copy pays at another terminal');
    for (const address of [TEA_TILL, CANTEEN_TILL]) {
      await sync(till, address);
      await waitForQueue(till, address, 0);
    }
    await cardsAddUp(table, 'when both were uploaded');
    await accessible(table, 'the table with a copy');
    await picture(table, `cards-copied-${language}`);

    await operator.goto(page);
    await operator.locator('.title-row .badge-danger').waitFor();
    await accessible(operator, 'a card that was copied');
    await picture(operator, `operator-copied-card-${language}`);
    await operator.goto(`${TOWN}/operator/card-exceptions`);
    await accessible(operator, 'what needs a person');
    await picture(operator, `card-exceptions-${language}`);
    assert.ok(await operator.locator(`a[href$="/card-purses/${number}"]`).count() > 0, 'the card is among the exceptions');

    await sync(till, CANTEEN_TILL);
    await till.waitForTimeout(1_500);
    await sell(till, CANTEEN_TILL, '1.00');
    assert.equal(await till.locator('.till-failed').count(), 1, 'the copy is refused from now on');
    await takeAway(table, CANTEEN);
    await takeAway(table, TEA);
    await hands.close();
    await counter.close();
    await office.close();
  }, { language, minutes: 3, refusals: true });
}

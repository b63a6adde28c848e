// A holder loses a card purse: terminals refuse it, its rest goes back to the wallet as two people decide, and another card
// takes its place.
import assert from 'node:assert/strict';

import { DESKTOP, TEA_TILL, TOWN, accessible, enterAs, picture, story, visit } from '../browser.mjs';
import { TEA, cardOf, cardsAddUp, cardsOnTable, lay, load, sell, sync, takeAway, waitForQueue } from '../cards.mjs';

const HOLDER = '韩梅梅';

/** What the holder's wallet has, in fen. */
async function inWallet(wallet) {
  await wallet.goto(`${TOWN}/home`);
  const text = await wallet.locator('.balance-figure, .balance').first().innerText();
  return Math.round(100 * Number(text.match(/[0-9,]+\.[0-9]{2}/)[0].replaceAll(',', '')));
}

/** One of the operator's people asks for the rest of a card to go back, and a colleague approves it. */
async function refund(operator, colleague, number, language) {
  await operator.goto(`${TOWN}/operator/card-purses/${number}`);
  await operator.locator('form[action$="/refund"] input[name=reason]').fill('持卡人已挂失 The holder reported it');
  await operator.locator('form[action$="/refund"] button').click();
  await operator.locator('.flash').waitFor();
  assert.equal(await operator.locator('form[action$="/refund"]').count(), 0, 'it is asked for once');
  await picture(operator, `operator-card-purse-${language}`);
  await accessible(operator, 'a card purse as the operator sees it');
  const ending = number.slice(-4);
  await operator.goto(`${TOWN}/operator/approvals`);
  const own = operator.locator('section.held').filter({ hasText: ending });
  assert.equal(await own.locator('button[value=approve]').count(), 0, 'who asked does not approve');

  await colleague.goto(`${TOWN}/town/login/risk`);
  await colleague.goto(`${TOWN}/operator/approvals`);
  const waiting = colleague.locator('section.held').filter({ hasText: ending });
  await waiting.locator('input[name=reason]').fill('已核对 Checked');
  await picture(colleague, `approval-refund-card-${language}`);
  await waiting.locator('button[value=approve]').click();
  await colleague.locator('.flash').waitFor();
}

/** The activation code in the letter of a card that nobody has yet. */
async function codeOf(operator, number) {
  await operator.goto(`${TOWN}/operator/card-purses/${number}`);
  await operator.locator('a[href^="/operator/card-batches/"]').click();
  await operator.locator('a[href$="/letters"]').click();
  const letter = operator.locator('.card-letter').filter({ hasText: number.match(/.{4}/g).join(' ') });
  return (await letter.locator('strong').innerText()).trim();
}

for (const language of ['zh-CN', 'en']) {
  story(`a lost card is refused, refunded and replaced: ${language}`, async ({ page: wallet }) => {
    const { context: hands, page: table } = await visit({ viewport: DESKTOP, language });
    const { context: counter, page: till } = await visit({ language });
    const { context: office, page: operator } = await visit({ viewport: DESKTOP, language });
    const { context: desk, page: colleague } = await visit({ viewport: DESKTOP, language });
    await wallet.goto(`${TOWN}/town/login/hanmeimei`);
    await enterAs(operator, 'operator');
    const { number } = await cardOf(table, HOLDER);
    await load(wallet, table, till, number, '30.00', [TEA_TILL, TEA]);
    await sell(till, TEA_TILL, '5.00');
    assert.equal(await till.locator('.till-paid').count(), 1, 'the card pays');
    await sync(till, TEA_TILL);
    await waitForQueue(till, TEA_TILL, 0);

    await wallet.goto(`${TOWN}/card-purses/${number}`);
    await accessible(wallet, 'a card purse');
    await picture(wallet, `card-purse-${language}`);
    await wallet.locator('details summary').click();
    await wallet.locator('form[action$="/lost"] button').click();
    await wallet.locator('.badge-warn, .flash').first().waitFor();
    await picture(wallet, `card-purse-lost-${language}`);

    await sync(till, TEA_TILL);
    await till.waitForTimeout(1_500);
    await operator.goto(`${TOWN}/operator/terminals`);
    const terminal = operator.locator('tbody tr').filter({ hasText: '柳岸茶馆' });
    assert.equal(await terminal.locator('.version-held .badge-warn').count(), 0, 'the terminal holds the newest lists');
    await accessible(operator, 'the fleet of terminals');
    await picture(operator, `terminals-${language}`);
    await sell(till, TEA_TILL, '1.00');
    assert.equal(await till.locator('.till-failed').count(), 1, 'the lost card is refused');
    await picture(till, `till-lost-card-${language}`);

    const before = await inWallet(wallet);
    await refund(operator, colleague, number, language);
    const back = await inWallet(wallet) - before;
    assert.ok(back >= 2_500, `the rest is back in the wallet: ${back}`);
    await wallet.goto(`${TOWN}/card-purses/${number}`);
    assert.equal(await wallet.locator('.title-row .badge-muted').count(), 1, 'the old card is closed');
    await cardsAddUp(table, 'after the refund');

    const fresh = (await cardsOnTable(table)).find((card) => card.state === 'made');
    const code = await codeOf(operator, fresh.number);
    await wallet.goto(`${TOWN}/card-purses/bind`);
    await accessible(wallet, 'binding a card');
    await wallet.locator('input#number').fill(fresh.number);
    await wallet.locator('input#code').fill(code);
    await wallet.locator('main form button[type=submit]').click();
    await wallet.waitForURL(new RegExp(`/card-purses/${fresh.number}`));
    await takeAway(table, TEA);
    await load(wallet, table, till, fresh.number, '25.00', [TEA_TILL, TEA]);
    await sell(till, TEA_TILL, '4.00');
    assert.equal(await till.locator('.till-paid').count(), 1, 'the new card pays');
    await sync(till, TEA_TILL);
    await waitForQueue(till, TEA_TILL, 0);
    await cardsAddUp(table, 'with the new card');
    await lay(table, fresh.number, TEA);
    await takeAway(table, TEA);
    await wallet.goto(`${TOWN}/card-purses`);
    await accessible(wallet, 'card purses');
    await picture(wallet, `card-purses-${language}`);
    await hands.close();
    await counter.close();
    await office.close();
    await desk.close();
  }, { language, minutes: 4, refusals: true });
}

// The operator's day: three people share a master key and two of them open it, held payments are decided, a bank's statement
// is reconciled and its fee of 12.50 cleared by two people, the day is closed, the audit log verifies, and a row that somebody
// changed behind the program's back is found.
import assert from 'node:assert/strict';
import fs from 'node:fs';

import { DESKTOP, RECORDS_ROOM, TOWN, accessible, picture, story, visit } from '../browser.mjs';
import { textOfPdf } from '../paper.mjs';

async function enter(page, who) {
  await page.goto(`${TOWN}/`);
  await page.locator(`form[action="/town/login/${who}"] button`).click();
  await page.locator('a.who').waitFor();
}

/** Decides the first thing that waits; answers the link that names it. */
async function decide(page, choice, reason) {
  const waiting = page.locator('section.held').first();
  await waiting.waitFor();
  const link = waiting.locator('a[href^="/operator/explain/"]');
  const decided = await link.count() > 0 ? await link.first().getAttribute('href') : undefined;
  await waiting.locator('input[name=reason]').fill(reason);
  await waiting.locator(`button[value=${choice}]`).click();
  await page.locator('.flash').waitFor();
  return decided;
}

/** Sends a bank's statement as a file. */
async function importStatement(page, name, text) {
  const file = { name, mimeType: 'text/csv', buffer: Buffer.from(text) };
  await page.locator('input[name=file]').setInputFiles(file);
  await page.locator('form[enctype="multipart/form-data"] button').click();
}

/** Opens a form by its address and sends the share in it. */
async function sendShare(page, action, share) {
  await page.locator(`form[action$="/${action}"] input[name=share]`).fill(share);
  await page.locator(`form[action$="/${action}"] button`).click();
}

/** Begins a ceremony as the first of three people, and plays it to its end. */
async function keyCeremony(people, language) {
  const [operator, risk, auditor] = people;
  await operator.goto(`${TOWN}/operator/control`);
  await operator.locator('a[href="/operator/keys"]').click();
  await accessible(operator, 'the master keys');
  await picture(operator, `story-11-keys-${language}`);
  for (const [place, name] of ['first', 'second', 'third'].entries()) {
    await operator.locator(`select[name=${name}]`).selectOption({ index: place + 1 });
  }
  await operator.locator('form[action="/operator/keys"] button').click();
  await operator.waitForURL(/\/operator\/keys\/[0-9a-f]{32}$/);
  const key = operator.url();

  const shares = [];
  for (const page of people) {
    await page.goto(key);
    const share = await page.locator('.share').textContent();
    if (page === operator) {
      await accessible(page, 'a share to write down');
      await picture(page, `story-11-share-${language}`);
      await sendShare(page, 'share', share.replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10)));
      await page.locator('#share-error').waitFor();
    }
    await sendShare(page, 'share', share);
    await page.locator('.flash').waitFor();
    assert.equal(await page.locator('.share').count(), 0, 'it is never shown again');
    shares.push(share);
  }
  assert.equal(new Set(shares).size, 3, 'everybody has another share');

  await auditor.goto(key);
  await sendShare(auditor, 'open', shares[2]);
  await auditor.locator('.flash').waitFor();
  assert.equal(await auditor.locator('h1 + .badge-ok').count(), 0, 'one is not enough');
  await risk.goto(key);
  await accessible(risk, 'a key that waits for a second share');
  await sendShare(risk, 'open', shares[1].toUpperCase());
  await risk.locator('h1 + .badge-ok').waitFor();
  await accessible(risk, 'an open key');
  await picture(risk, `story-11-key-${language}`);

  await operator.goto(`${key}/protocol`);
  await accessible(operator, 'the protocol of a key ceremony');
  await picture(operator, `story-11-protocol-${language}`);
  const paper = textOfPdf(await operator.pdf({ preferCSSPageSize: true })).replaceAll(/\s/g, '');
  assert.match(paper, /key\.opened/);
  assert.equal((paper.match(/key\.share_kept/g) ?? []).length, 3);
  for (const share of shares) {
    assert.ok(!share.trim().split(/\s+/).some((group) => paper.includes(group)), 'no share stands on the protocol');
  }
}

/** Orders a batch of cards under the key that was just opened: files for who makes them, letters for who gets them. */
async function issueBatch(operator, language) {
  await operator.goto(`${TOWN}/operator/card-batches`);
  await accessible(operator, 'issue batches');
  await operator.locator('input#label').fill(`新卡 New cards ${language}`);
  await operator.locator('input#count').fill('20');
  await operator.locator('input#valid_years').fill('5');
  await operator.locator('form[action="/operator/card-batches"] button[type=submit]').click();
  await operator.waitForURL(/\/operator\/card-batches\/[0-9a-f]{32}$/);
  assert.equal(await operator.locator('tbody tr').count(), 20, 'the batch has twenty cards');
  await accessible(operator, 'a batch of cards');
  await picture(operator, `story-11-batch-${language}`);
  const waiting = operator.waitForEvent('download');
  await operator.locator('a[href$="/cards.jsonl"]').click();
  const lines = fs.readFileSync(await (await waiting).path(), 'utf8').trim().split('\n');
  assert.equal(lines.length, 20, 'each card has its personalisation file');
  assert.equal(new Set(lines.map((line) => JSON.parse(line).purse.asn)).size, 20, 'each card has its own number');
  await operator.locator('a[href$="/letters"]').click();
  assert.equal(await operator.locator('.card-letter').count(), 20, 'each card has its letter');
  await accessible(operator, 'letters with activation codes');
  await picture(operator, `story-11-letters-${language}`);
}

/** Somebody changes a row behind the program's back: the operator's page names it, until it is put back. */
async function tamperedRow(operator, language) {
  await operator.goto(RECORDS_ROOM);
  await accessible(operator, 'the records room');
  const line = operator.locator('li[data-entry]').nth(2);
  const place = await line.getAttribute('data-entry');
  const before = await line.locator('dl').innerText();
  await line.locator('form[action="/change"] button').click();
  const changed = operator.locator(`li[data-entry="${place}"]`);
  await changed.locator('form[action="/put-back"]').waitFor();
  assert.notEqual(await changed.locator('dl').innerText(), before, 'its figures are others');
  await accessible(operator, 'the records room with a changed entry');
  await picture(operator, `story-11-records-room-${language}`);
  await operator.goto(`${TOWN}/operator/audit-log`);
  const verdict = operator.locator('.verdict-off');
  assert.ok((await verdict.innerText()).includes(language === 'en' ? `Entry ${place} was changed` : `第 ${place} 条被改动`));
  await accessible(operator, 'the audit log with a changed entry');
  await picture(operator, `story-11-tampered-${language}`);
  await operator.goto(RECORDS_ROOM);
  await operator.locator('form[action="/put-back"] button').click();
  await operator.locator('[data-found=false]').waitFor();
  await operator.goto(`${TOWN}/operator/audit-log`);
  assert.equal(await operator.locator('.verdict-ok').count(), 1, 'the log is in order again');
}

for (const language of ['zh-CN', 'en']) {
  story(`the operator’s day (${language})`, async () => {
    const { context: first, page: operator } = await visit({ viewport: DESKTOP, language });
    const { context: second, page: risk } = await visit({ viewport: DESKTOP, language });
    await enter(operator, 'operator');
    await enter(risk, 'risk');

    // The key ceremony: three shares on paper, two of them open the key, and the protocol names no secret.
    const { context: third, page: auditor } = await visit({ viewport: DESKTOP, language });
    await enter(auditor, 'auditor');
    await keyCeremony([operator, risk, auditor], language);
    await third.close();
    await issueBatch(operator, language);

    // Held payments: one goes through, one does not.
    await risk.goto(`${TOWN}/operator/risk`);
    await accessible(risk, 'the risk queue');
    const decided = await decide(risk, language === 'en' ? 'release' : 'decline', '已电话核实 called back');
    assert.equal(await risk.locator(`section.held a[href="${decided}"]`).count(), 0, 'it waits no more');
    await risk.locator(`table a[href="${decided}"]`).click();
    await accessible(risk, 'the explanation of a decided payment');
    assert.ok(await risk.locator('.explain-timeline li').count() >= 4);

    // The fee that the ledger does not have: asked for by one, approved by the other.
    await operator.goto(`${TOWN}/operator/reconciliation`);
    await accessible(operator, 'reconciliation');
    await operator.locator('table a').last().click();
    const open = operator.locator('table form.decide-form');
    if (await open.count() > 0) {
      await accessible(operator, 'a statement with differences');
      await operator.getByText('12.50').first().waitFor();
      await open.first().locator('input[name=reason]').fill('银行月费 monthly fee');
      await open.first().locator('button').click();
      await operator.waitForURL(/\/operator\/approvals/);
      assert.equal(await operator.locator('button[value=approve]').count(), 0, 'nobody approves what they asked for');
      await risk.goto(`${TOWN}/operator/approvals`);
      await accessible(risk, 'approvals');
      await decide(risk, 'approve', '合同已核对 contract seen');
      await operator.goto(`${TOWN}/operator/reconciliation`);
      await operator.locator('table a').last().click();
      assert.equal(await operator.locator('table form.decide-form').count(), 0, 'nothing is left to explain');
    }

    // A bank's file with a line that is none is refused with the line's number; the bank's own file is taken.
    await operator.goto(`${TOWN}/operator/reconciliation`);
    const [download] = await Promise.all([
      operator.waitForEvent('download'),
      operator.locator('a[download]').first().click(),
    ]);
    const statement = fs.readFileSync(await download.path(), 'utf8');
    await importStatement(operator, 'november.csv', `${statement}FEE-9,yesterday,CNY,1.00,out,fee\n`);
    await accessible(operator, 'a statement that is refused');
    const wrong = statement.split('\n').length;
    assert.match(await operator.locator('.field-error').textContent(), new RegExp(`\\b${wrong}\\b`), 'the line is named');
    await importStatement(operator, 'november.csv', statement);
    await operator.waitForURL(/\/operator\/reconciliation\/[0-9a-f]{32}/);
    assert.equal(await operator.locator('h1').textContent(), 'november');

    // The day is closed, once; each shop finds it in its settlement.
    await operator.goto(`${TOWN}/operator/days`);
    await accessible(operator, 'the days');
    const close = operator.locator('form:has(input[type=hidden][name=date]) button');
    if (await close.count() > 0) {
      await close.click();
      await operator.waitForURL(/\/operator\/days\/\d{4}-\d{2}-\d{2}/);
      await accessible(operator, 'the report of a day');
      await operator.goto(`${TOWN}/operator/days`);
    }
    const day = await operator.locator('main a[href^="/operator/days/"]').first().getAttribute('href');
    const { context: fourth, page: shop } = await visit({ viewport: DESKTOP, language });
    await enter(shop, 'canteen');
    await shop.goto(`${TOWN}/merchant/settlement`);
    await accessible(shop, 'a settlement');
    await shop.locator('tbody tr', { hasText: day.match(/\d{4}-\d{2}-\d{2}/)[0] }).first().waitFor();
    await fourth.close();

    // The log is whole, and an entry is proved to be in it.
    await operator.goto(`${TOWN}/operator/audit-log`);
    await accessible(operator, 'the audit log');
    assert.equal(await operator.locator('.verdict-ok').count(), 1, 'the whole log is in order');
    await operator.locator('table a').first().click();
    assert.equal(await operator.locator('.verdict-ok').count(), 1, 'the proof verifies');
    await accessible(operator, 'a proof');
    await tamperedRow(operator, language);

    await first.close();
    await second.close();
  });
}

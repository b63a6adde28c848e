// Every page of the town, by who may see it. Whoever adds a page adds it here: then it is looked at in both languages and
// themes, on the narrowest phone, without a mouse, and with a watch and a pair of scales.
import assert from 'node:assert/strict';

import { TOWN, enterAs } from './browser.mjs';

/**
 * Paths; where only the town knows the address, `from` is a page with a `link` to it. Where the seeded town may have no
 * such thing, it says `optional`.
 */
export const PAGES = {
  guest: ['/', '/login', '/register'],
  holder: [
    '/home', '/top-up', '/withdraw', '/transfer', '/pay', '/pay-code', '/scan', '/redeem', '/history', '/history/months',
    '/cards', '/cards/new', '/card-purses', '/card-purses/bind', '/bills', '/board', '/board/new',
    '/requests', '/requests/new', '/orders', '/notifications',
    '/limits', '/lost', '/vault', '/settings', '/settings/security', '/settings/security/confirm',
    '/settings/security/password', '/settings/security/pin', '/settings/security/authenticator',
    '/settings/security/passkeys', '/settings/security/devices', '/settings/security/data', '/settings/security/close',
    { path: '/pay/{merchant}', from: '/pay', link: 'main a[href^="/pay/"]' },
    { path: '/cards/{card}', from: '/cards', link: 'main a[href^="/cards/"]:not([href$="/new"])' },
    { path: '/card-purses/{card}', from: '/card-purses', link: 'main a[href^="/card-purses/"]:not([href$="/bind"])',
      optional: true },
    { path: '/card-purses/{card}/grade', from: '/card-purses/{card}', link: 'main a[href$="/grade"]', optional: true },
    { path: '/card-purses/{card}/transfer-loads', from: '/card-purses/{card}', link: 'main a[href$="/transfer-loads"]',
      optional: true },
    { path: '/bills/{id}', from: '/bills', link: 'main a[href^="/bills/"]', optional: true },
    { path: '/board/{id}', from: '/board', link: 'main a[href^="/board/"]:not([href$="/new"])', optional: true },
    { path: '/requests/{id}', from: '/requests', link: 'main a[href^="/requests/"]:not([href$="/new"])', optional: true },
    { path: '/transactions/{id}', from: '/history?kind=payment', link: 'ul.lines a.line' },
    { path: '/transactions/{id}/receipt', from: '/transactions/{id}', link: 'a[href*="/receipt?paper="]' },
    { path: '/transactions/{id}/explain', from: '/transactions/{id}', link: 'a[href$="/explain"]' },
  ],
  merchant: [
    '/merchant', '/merchant/charge', '/merchant/orders', '/merchant/orders/new', '/merchant/poster', '/merchant/staff',
    '/merchant/settlement', '/merchant/terminals', '/merchant/developer',
    '/till', '/till/items', '/till/report', '/till/vouchers',
    { path: '/merchant/orders/{id}', from: '/merchant/orders', link: 'main a[href^="/merchant/orders/"]:not([href$="/new"])',
      optional: true },
  ],
  operator: [
    '/operator', '/operator/control', '/operator/risk', '/operator/rules', '/operator/black-list', '/operator/approvals',
    '/operator/people', '/operator/keys', '/operator/merchants', '/operator/days', '/operator/reconciliation',
    '/operator/disputes', '/operator/audit-log', '/operator/card-purses', '/operator/card-batches', '/operator/terminals',
    '/operator/card-lists', '/operator/card-exceptions',
    { path: '/operator/rules/{id}', from: '/operator/rules', link: 'main a[href^="/operator/rules/"]', optional: true },
    { path: '/operator/days/{date}', from: '/operator/days', link: 'main a[href^="/operator/days/"]', optional: true },
    { path: '/operator/explain/{id}', from: '/operator', link: 'main a[href^="/operator/explain/"]', optional: true },
    { path: '/operator/card-batches/{id}', from: '/operator/card-batches', link: 'main a[href^="/operator/card-batches/"]',
      optional: true },
    { path: '/operator/card-batches/{id}/letters', from: '/operator/card-batches/{id}', link: 'a[href$="/letters"]',
      optional: true },
    { path: '/operator/card-purses/{card}', from: '/operator/card-batches/{id}',
      link: 'main a[href^="/operator/card-purses/"]:not([href$=".json"])', optional: true },
    { path: '/operator/audit-log/{place}', from: '/operator/audit-log', link: 'main a[href^="/operator/audit-log/"]',
      optional: true },
  ],
};

/** Pages that only a story leads to: an opened vault, a payment that waits, an order, a file of a bank. */
export const SEEN_IN_STORIES = [
  '/lock', '/login/code', '/checkout/{order}', '/vault/items/{id}', '/vault/items/{id}/edit', '/vault/new',
  '/vault/new-set', '/vault/order-form', '/vault/pin', '/vault/passkeys',
  '/operator/keys/{id}', '/operator/keys/{id}/protocol',
  '/merchant/charge/{id}', '/till/charges/{id}', '/till/sales/{order}',
  '/merchant/developer/deliveries/{message}/{endpoint}', '/operator/disputes/{id}', '/operator/reconciliation/{file}',
];

/** What the server answers to a GET of a visitor that is no page to look at. */
export const NOT_PAGES = [
  '/healthz', '/readyz', '/assets/{name}', '/town/live.json', '/town/login/{who}', '/session/state', '/pay-code/state.json',
  '/settings/security/data.json',
  '/history.csv', '/history.pdf', '/transactions/{id}/receipt.pdf', '/vault/export.vcf', '/vault/export.xml',
  '/merchant/settlement.csv', '/card-purses/{card}/log.csv', '/operator/card-purses/{card}/card.json',
  '/operator/card-batches/{id}/cards.jsonl', '/operator/terminals/{terminal}/security-module.json', '/operator/audit-log.csv',
  '/operator/reconciliation/statement/{bank}',
];

/** The path as the server's list of routes has it. */
export const routeOf = (entry) => (typeof entry === 'string' ? entry : entry.path).split('?')[0];

/** The word for a page in the name of its picture. */
export const wordOf = (entry) => (routeOf(entry) === '/' ? 'town' : routeOf(entry).slice(1).replaceAll(/[{}]/g, ''));

/** Where the page is; `undefined` for a page of something optional that the town does not have. */
export async function addressOf(page, role, entry) {
  if (typeof entry === 'string') return TOWN + entry;
  const from = PAGES[role].find((other) => routeOf(other) === entry.from) ?? entry.from;
  const start = await addressOf(page, role, from);
  if (start === undefined) return undefined;
  await page.goto(start);
  const link = page.locator(entry.link).first();
  if (entry.optional && await link.count() === 0) return undefined;
  return new URL(await link.getAttribute('href', { timeout: 5_000 }), TOWN).href;
}

/** Calls `look` with each page, as those who may see it. The last argument says which page it is. */
export async function eachPage(page, look, roles = Object.keys(PAGES)) {
  for (const role of roles) {
    if (role !== 'guest') await enterAs(page, role);
    for (const entry of PAGES[role]) {
      const address = await addressOf(page, role, entry);
      if (address === undefined) continue;
      const answer = await page.goto(address);
      assert.equal(answer.status(), 200, `${routeOf(entry)} of ${role}`);
      await look(page, `${routeOf(entry)} of ${role}`, wordOf(entry));
    }
  }
}

// Opens pages the way visitors do, and watches for what no visitor should ever see.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';

// Passkeys belong to a host with a name, so the town is visited by its name.
export const TOWN = (process.env.SYCEE_URL ?? 'http://127.0.0.1:8080').replace('//127.0.0.1', '//localhost');
/** The sample shop: another site, on the same port. */
export const SHOP = TOWN.replace('//localhost', '//shop.localhost');
/** The banks' own site, on the same port. */
export const BANK = TOWN.replace('//localhost', '//bank.localhost');
/** The table with the visitor's cards, and the pages of two terminals. */
export const CARDS = TOWN.replace('//localhost', '//cards.localhost');
export const RECORDS_ROOM = TOWN.replace('//localhost', '//records.localhost');
export const CANTEEN_TILL = TOWN.replace('//localhost', '//canteen-till.localhost');
export const TEA_TILL = TOWN.replace('//localhost', '//tea-till.localhost');
export const BUS_GATE = TOWN.replace('//localhost', '//bus-gate.localhost');
const SITES = [TOWN, SHOP, BANK, CARDS, RECORDS_ROOM, CANTEEN_TILL, TEA_TILL, BUS_GATE];
const OUTPUT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'output');

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };
export const NARROWEST = { width: 320, height: 640 };

const SWITCHES = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

let browser;

before(async () => {
  fs.mkdirSync(OUTPUT, { recursive: true });
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: SWITCHES });
});

after(() => browser?.close());

/**
 * Plays a story in a fresh browser and checks afterwards: quiet console, no stranger called, all money adds up.
 * A story about refusals says so: Chromium itself reports each page that comes with a status of 4xx.
 */
export function story(name, play, options = {}) {
  test(name, { timeout: (options.minutes ?? 2) * 60_000 }, async () => {
    const visitor = await visit(options);
    try {
      await play(visitor);
      const complaints = visitor.complaints.filter((text) => !options.refusals || !text.includes('a status of 4'));
      assert.deepEqual(complaints, [], 'the console stays quiet');
      assert.deepEqual(visitor.strangers, [], 'no request leaves the town');
    } catch (error) {
      await visitor.page.screenshot({ path: path.join(OUTPUT, `failed-${slug(name)}.png`), fullPage: true });
      throw error;
    } finally {
      await visitor.context.close();
    }
    await allMoneyAddsUp();
  });
}

/** A browser whose camera shows a film, until the tests are over. */
async function browserWithCamera(film) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const camera = [
    '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`,
  ];
  const seeing = await chromium.launch({ executablePath, args: [...SWITCHES, ...camera] });
  after(() => seeing.close());
  return seeing;
}

/** A browser of its own, with what it complained about and whom it called outside the town. */
export async function visit({ viewport = PHONE, language = 'zh-CN', theme = 'light', scripts = true, camera } = {}) {
  const owner = camera === undefined ? browser : await browserWithCamera(camera);
  const context = await owner.newContext({
    viewport, locale: language, colorScheme: theme, javaScriptEnabled: scripts, reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints = [];
  const strangers = [];
  page.on('console', (message) => {
    // Chromium reports a form that comes back with its mistakes as a resource that failed.
    if (message.text().includes('status of 422')) return;
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  context.on('request', (request) => {
    const url = request.url();
    if (![...SITES, 'data:'].some((known) => url.startsWith(known))) strangers.push(url);
  });
  return { context, page, complaints, strangers };
}

/** A device with a passkey of its own, touched by a finger that it knows; it may keep secrets for sites. */
export async function withAuthenticator(page, { secrets = false } = {}) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true,
      hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
      hasPrf: secrets,
    },
  });
}

/** The words under the one-click log-ins of the front page, in both languages. */
const ROLES = {
  holder: /持卡人|holder/i, merchant: /商户|店主|merchant|shop owner/i, operator: /运营|operator/i,
};

/** Enters the town in that role by the one click that the front page offers; returns the name of who one is now. */
export async function enterAs(page, role) {
  await page.goto(`${TOWN}/`);
  const button = page.locator('form[action^="/town/login/"] button').filter({ hasText: ROLES[role] }).first();
  const name = await button.locator('strong').textContent();
  await button.click();
  await page.locator('a.who').waitFor();
  return name;
}

/** The operator's front page says that every difference is zero. */
export async function allMoneyAddsUp() {
  const { context, page } = await visit();
  await enterAs(page, 'operator');
  await page.goto(`${TOWN}/operator`);
  const currencies = await page.locator('table.equation tbody tr').count();
  const balanced = await page.locator('table.equation td.is-zero').count();
  const verdicts = await page.locator('.verdict-ok').count();
  await context.close();
  assert.ok(currencies > 0, 'the operator sees at least one currency');
  assert.equal(balanced, currencies, 'every difference is zero');
  assert.equal(verdicts, 1, 'the operator is told that all money adds up');
}

/** No serious or critical finding of axe on the page as it is now, in both themes. */
export async function accessible(page, what) {
  const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
  for (const theme of isDark ? ['light', 'dark'] : ['dark', 'light']) {
    await page.emulateMedia({ colorScheme: theme });
    await accessibleAsItIs(page, `${what}, ${theme}`);
  }
}

/** No serious or critical finding of axe on the page in its present theme. */
export async function accessibleAsItIs(page, what) {
  // No page has frames of other sites: axe runs once in the page itself, without a second page to gather what it found.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const { violations } = await axe.analyze();
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const findings = grave.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
  assert.deepEqual(findings, [], `axe on ${what}`);
}

/** The page never scrolls sideways. */
export async function fitsItsWidth(page, what) {
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth, document.documentElement.clientWidth,
  ]);
  assert.ok(content <= window, `${what} is ${content} px wide in a window of ${window} px`);
}

/** Whatever the keyboard reaches shows that it is reached. */
export async function showsItsFocus(page, what) {
  // The key tells the browser that this visitor has no mouse.
  await page.keyboard.press('Tab');
  const unseen = await page.evaluate(() => {
    const reachable = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
    /** An outline or a shadow, on the thing itself or, where it is drawn by another, on its label or neighbour. */
    const look = (element) => [element, element.parentElement, element.nextElementSibling, element.closest('label')]
      .filter(Boolean)
      .map((part) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor } = getComputedStyle(part);
        return outlineStyle === 'none' ? `${boxShadow} ${borderColor}` : `${outlineWidth} ${outlineColor} ${boxShadow}`;
      })
      .join();
    const unseen = [];
    for (const element of document.querySelectorAll(reachable)) {
      if (element.disabled || !element.checkVisibility({ visibilityProperty: true })) continue;
      element.blur();
      const before = look(element);
      element.focus();
      if (document.activeElement === element && look(element) === before) unseen.push(element.outerHTML.slice(0, 120));
    }
    return unseen;
  });
  assert.deepEqual(unseen, [], `what the keyboard reaches unseen on ${what}`);
}

/** Keeps a picture of the page under e2e/output. */
export async function picture(page, name) {
  await page.screenshot({ path: path.join(OUTPUT, `${slug(name)}.png`), fullPage: true });
}

/** The lines of the newest history that show this amount, as `¥137.31`. */
export function historyLines(page, amount) {
  return page.locator('ul.lines a.line').filter({ hasText: amount });
}

/** Those of [historyLines] that moved money: the others say in a badge what became of them. */
export function completedLines(page, amount) {
  return historyLines(page, amount).filter({ hasNot: page.locator('.badge') });
}

function slug(text) {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
}

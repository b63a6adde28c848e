// A holder scans a shop's code: with the camera, with a picture, as text; and a code that somebody changed is refused.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { DESKTOP, TOWN, accessible, enterAs, fitsItsWidth, picture, story, visit } from '../browser.mjs';

const WIDTH = 640;
const HEIGHT = 480;

/** The dark modules of the code on the page, and how many there are in a row, with the margin. */
async function modulesOf(page) {
  const svg = page.locator('svg.qr').first();
  const side = Number((await svg.getAttribute('viewBox')).split(' ')[2]);
  const strokes = await svg.locator('path').getAttribute('d');
  const modules = [...strokes.matchAll(/M(\d+) (\d+)h/g)].map(([, x, y]) => [Number(x), Number(y)]);
  return { side, modules };
}

/** A film of five frames that shows the code to a camera. */
function film({ side, modules }) {
  const scale = Math.floor(HEIGHT / side);
  const [left, top] = [(WIDTH - side * scale) >> 1, (HEIGHT - side * scale) >> 1];
  const luma = Buffer.alloc(WIDTH * HEIGHT, 235);
  for (const [x, y] of modules) {
    for (let row = 0; row < scale; row += 1) {
      const start = (top + y * scale + row) * WIDTH + left + x * scale;
      luma.fill(16, start, start + scale);
    }
  }
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((WIDTH * HEIGHT) / 2, 128)]);
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'camera-')), 'code.y4m');
  fs.writeFileSync(file, Buffer.concat([head, ...Array(5).fill(frame)]));
  return file;
}

/** A code that the shop makes over the API. */
function codeOf(shop, order) {
  return shop.evaluate(async (body) => {
    const answer = await fetch('/api/v1/merchant-codes', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    return (await answer.json()).code;
  }, order);
}

async function typeCode(page, code) {
  await page.goto(`${TOWN}/scan`);
  await page.locator('input#code').fill(code);
  await page.locator('form:has(input#code) button[type=submit]').click();
  await page.waitForLoadState();
}

/** Confirms, with the payment PIN where one is asked for. */
async function confirm(page) {
  await page.locator('main form button[type=submit]').last().click();
  await page.waitForURL(/\/transactions\//);
}

/** The same text with a checksum that is right again. */
function resealed(text) {
  const guarded = Buffer.from(text.slice(0, -4));
  let crc = 0xffff;
  for (const byte of guarded) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return text.slice(0, -4) + crc.toString(16).toUpperCase().padStart(4, '0');
}

for (const language of ['zh-CN', 'en']) {
  story(`the camera sees a shop's poster and the holder pays, in ${language}`, async () => {
    const { context, page: shop } = await visit({ viewport: DESKTOP });
    await enterAs(shop, 'merchant');
    await shop.goto(`${TOWN}/merchant/poster`);
    const poster = await modulesOf(shop);
    const print = await shop.locator('svg.qr').first().screenshot();
    await context.close();

    const holder = await visit({ camera: film(poster), language });
    await enterAs(holder.page, 'holder');
    await holder.page.goto(`${TOWN}/scan`);
    await holder.page.locator('input#amount').waitFor({ timeout: 20_000 });
    await accessible(holder.page, 'the amount');
    await fitsItsWidth(holder.page, 'the amount');
    await picture(holder.page, `scan amount ${language}`);
    await holder.page.locator('input#amount').fill('3.21');
    await holder.page.locator('main form button[type=submit]').last().click();
    await accessible(holder.page, 'the confirmation');
    await picture(holder.page, `scan check ${language}`);
    await confirm(holder.page);
    assert.deepEqual(holder.complaints, [], 'the console stays quiet');

    const plain = await visit({ scripts: false, language });
    await enterAs(plain.page, 'holder');
    await plain.page.goto(`${TOWN}/scan`);
    await plain.page.locator('input#photo').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: print });
    await plain.page.locator('form:has(input#photo) button').click();
    await plain.page.locator('input#amount').waitFor();
    await plain.context.close();
    await holder.context.close();
  });
}

story('a code for one order says its amount and is paid once', async ({ page: holder }) => {
  const { context, page: shop } = await visit({ viewport: DESKTOP });
  await enterAs(shop, 'merchant');
  const reference = `e2e-${Date.now() % 100_000_000}`;
  const code = await codeOf(shop, { currency: 'CNY', amount: 432, reference });
  await context.close();
  await enterAs(holder, 'holder');
  await typeCode(holder, code);
  assert.match(await holder.locator('main').textContent(), /4\.32/);
  await confirm(holder);
  await typeCode(holder, code);
  await holder.locator('main form button[type=submit]').last().click();
  await holder.locator('.error-summary').waitFor();
  assert.match(await holder.locator('.error-summary').textContent(), /已经付过|paid already/);
}, { refusals: true });

for (const [language, damaged, forged, foreign] of [
  ['zh-CN', /损坏/, /不是本系统签发/, /其他支付系统/], ['en', /damaged/, /not issued by us/, /another payment system/],
]) {
  story(`a code that somebody changed is refused in words, in ${language}`, async ({ page: holder }) => {
    const { context, page: shop } = await visit({ viewport: DESKTOP });
    await enterAs(shop, 'merchant');
    const code = await codeOf(shop, { currency: 'CNY', amount: 432, reference: 'A-17' });
    await context.close();
    await enterAs(holder, 'holder');
    const words = async (text) => {
      await typeCode(holder, text);
      return holder.locator('.error-summary').textContent();
    };
    assert.match(await words(code.replace('4.32', '0.32')), damaged);
    await accessible(holder, 'a refused code');
    await picture(holder, `scan refused ${language}`);
    assert.match(await words(resealed(code.replace('A-17', 'A-18'))), forged);
    const other = resealed(`${code.slice(0, 12)}26120008com.shop${code.slice(12 + 4 + Number(code.slice(14, 16)))}`);
    assert.match(await words(other), foreign);
  }, { refusals: true, language });
}

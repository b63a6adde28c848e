// Story 12, the developer's half: a scoped key shown once, the example of the page, a webhook that fails twice.
import assert from 'node:assert/strict';
import http from 'node:http';

import { DESKTOP, TOWN, accessible, enterAs, story, visit } from '../browser.mjs';

/** An endpoint that answers its first calls with 500. */
async function endpoint(failures) {
  const calls = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      calls.push({ headers: request.headers, body });
      response.writeHead(calls.length <= failures ? 500 : 204).end();
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  // A story that fails must not keep the tests from ending.
  server.unref();
  return { calls, url: `http://127.0.0.1:${server.address().port}/hook`, close: () => server.close() };
}

for (const language of ['zh-CN', 'en']) {
  story(`a developer makes a key, an order and an endpoint: ${language}`, async ({ page: holder }) => {
    const { context, page } = await visit({ viewport: DESKTOP, language });
    const hook = await endpoint(2);
    await enterAs(page, 'merchant');
    await page.goto(`${TOWN}/merchant/developer`);
    await accessible(page, 'the developer’s page');
    await page.locator('input#label').fill('test key');
    await page.locator('input[name=orders]').check();
    await page.locator('form[action$="/developer/keys"] button[type=submit]').click();
    const key = await page.locator('p.secret code').innerText();
    assert.match(key, /^sk_/);
    assert.match(await page.locator('pre.code-block').innerText(), /curl -X POST/);
    await accessible(page, 'the key that is shown once');
    await page.goto(`${TOWN}/merchant/developer`);
    assert.equal(await page.locator('p.secret').count(), 0, 'it is shown once');

    await page.locator('input#url').fill(hook.url);
    await page.locator('form[action$="/developer/endpoints"] button[type=submit]').click();
    assert.match(await page.locator('p.secret code').innerText(), /^whsec_/);

    // The example of the page, as curl would send it.
    const ask = (path, body) => fetch(TOWN.replace('localhost', '127.0.0.1') + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': `story-${Date.now()}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const made = await ask('/api/v1/orders', { amount: 1250, currency: 'CNY', description: 'Test' });
    assert.equal(made.status, 201);
    const { id } = await made.json();
    const refused = await ask(`/api/v1/orders/${id}/refunds`, {});
    assert.equal(refused.status, 403, 'the key may not refund');

    await enterAs(holder, 'holder');
    await holder.goto(`${TOWN}/checkout/${id}`);
    await holder.locator('form#pay button').click();
    await holder.locator('.flash').waitFor();
    for (let tries = 0; hook.calls.length < 3 && tries < 240; tries += 1) await page.waitForTimeout(250);
    assert.equal(hook.calls.length, 3, 'it fails twice, then delivers');
    assert.equal(new Set(hook.calls.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.match(hook.calls[2].headers['webhook-signature'], /^v1,/);
    assert.equal(JSON.parse(hook.calls[2].body).data.id, id);

    await page.waitForTimeout(500);
    await page.goto(`${TOWN}/merchant/developer`);
    await page.locator('a[href*="/deliveries/"]').first().click();
    await accessible(page, 'a delivery');
    await page.locator('form[action$="/again"] button').click();
    await page.locator('.flash').waitFor();
    for (let tries = 0; hook.calls.length < 4 && tries < 40; tries += 1) await page.waitForTimeout(250);
    assert.equal(hook.calls.length, 4, 'send again sends again');
    await page.goto(`${TOWN}/merchant/developer`);
    await page.locator('form[action^="/merchant/developer/endpoints/"][action$="/remove"] button').last().click();
    await page.locator('.flash').waitFor();
    hook.close();
    await context.close();
  }, { refusals: true, language });
}

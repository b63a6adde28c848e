// @ts-check
/* Tells the holder at once when the code was charged, or when a charge waits for a word. The page renews its code by itself,
   with or without this file. */

/** How often to ask, in milliseconds. */
const EVERY = 1500;

/**
 * @param {string} address
 * @param {string} since
 */
async function ask(address, since) {
  if (document.hidden) return;
  const answer = await fetch(`${address}?since=${since}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { paid, waits } = await answer.json();
  if (typeof paid === "string") location.assign(paid);
  else if (waits === true) location.reload();
}

const panel = document.querySelector("[data-pay-code]");
if (panel instanceof HTMLElement) {
  const { payCode, since } = panel.dataset;
  setInterval(() => ask(payCode ?? "", since ?? "0").catch(() => {}), EVERY);
}

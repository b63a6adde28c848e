// @ts-check
// Renews the line of a terminal's page, and looks for news of the tap or gate that the page waits for. Without it the page
// asks for itself.

/**
 * @typedef {object} News
 * @property {number} stamp  changes with every tap
 * @property {string} line  HTML of the line, escaped by the terminal
 */

const INTERVAL_MS = 700;
const line = /** @type {HTMLElement | null} */ (document.querySelector("[data-line]"));

/** @param {HTMLElement} place */
async function look(place) {
  if (document.hidden) return;
  const answer = await fetch("/news.json", { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  /** @type {News} */
  const news = await answer.json();
  const { stamp } = place.dataset;
  if (stamp !== undefined && Number(stamp) !== news.stamp) location.reload();
  else if (place.innerHTML !== news.line) place.innerHTML = news.line;
}

/** @param {HTMLElement} place */
async function loop(place) {
  try {
    await look(place);
  } catch {
    // The terminal starts again; the page keeps what it shows and asks again.
  }
  setTimeout(() => loop(place), INTERVAL_MS);
}

if (line) setTimeout(() => loop(line), INTERVAL_MS);

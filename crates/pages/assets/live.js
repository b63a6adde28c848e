// @ts-check
/* The living map: asks for what happened since, lights the buildings and renews ticker and sums. */

/**
 * @typedef {object} Pulse
 * @property {string} place  key of the building
 * @property {string} amount  what to show above it
 *
 * @typedef {object} Live
 * @property {number} latest  sequence number of the newest event
 * @property {Pulse[]} pulses  what happened since the last answer, oldest first
 * @property {string} ticker  HTML of the ticker's items, escaped by the server
 * @property {string} sums  HTML of the sums, escaped by the server
 */

const INTERVAL_MS = 2000;
const PULSE_MS = 1800;
const SVG = "http://www.w3.org/2000/svg";

const map = document.getElementById("town");
const ticker = document.getElementById("ticker");
const sums = document.getElementById("sums");
let latest = Number(map?.dataset.latest ?? 0);

/** @param {Pulse} pulse */
function light(pulse) {
  const building = map?.querySelector(`[data-place="${CSS.escape(pulse.place)}"]`);
  if (!building) return;
  const coin = document.createElementNS(SVG, "text");
  coin.setAttribute("class", "coin");
  coin.setAttribute("text-anchor", "middle");
  coin.setAttribute("y", "-68");
  coin.textContent = pulse.amount;
  building.append(coin);
  building.classList.remove("paid");
  requestAnimationFrame(() => building.classList.add("paid"));
  setTimeout(() => {
    coin.remove();
    building.classList.remove("paid");
  }, PULSE_MS);
}

async function renew() {
  if (document.hidden) return;
  const answer = await fetch(`/town/live.json?after=${latest}`, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  /** @type {Live} */
  const live = await answer.json();
  latest = live.latest;
  live.pulses.forEach((pulse, index) => {
    setTimeout(() => light(pulse), (index * INTERVAL_MS) / Math.max(live.pulses.length, 1));
  });
  if (ticker && live.pulses.length > 0) ticker.innerHTML = live.ticker;
  if (sums) sums.innerHTML = live.sums;
}

async function loop() {
  try {
    await renew();
  } catch {
    // The server is away; the page keeps what it shows and asks again.
  }
  setTimeout(loop, INTERVAL_MS);
}

if (map) setTimeout(loop, INTERVAL_MS);

// @ts-check
// The till's comfort: a keypad beside the amount, plus and minus beside each item, the running total, and a look every
// second whether the customer has paid. Without it the till is a form with numbers in it.

const till = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-till]"));

/** @param {HTMLFormElement} form */
function keys(form) {
  const decimals = Number(form.dataset.till);
  const amount = /** @type {HTMLInputElement} */ (form.elements.namedItem("amount"));
  const pad = /** @type {HTMLElement} */ (form.querySelector(".keypad"));
  const total = /** @type {HTMLElement} */ (form.querySelector(".till-total"));
  const steps = /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll(".item-step"));

  const show = () => {
    let minor = 0;
    for (const step of steps) {
      minor += Number(step.dataset.price) * Number(/** @type {HTMLInputElement} */ (step.querySelector("input")).value || 0);
    }
    if (minor > 0) total.textContent = `${total.dataset.label} ${(minor / 10 ** decimals).toFixed(decimals)}`;
    else total.textContent = "";
  };
  /** @param {string} key */
  const type = (key) => {
    if (key === "." && (decimals === 0 || amount.value.includes("."))) return;
    amount.value += key;
  };
  for (const key of /** @type {NodeListOf<HTMLButtonElement>} */ (pad.querySelectorAll("button"))) {
    const character = key.dataset.key ?? "";
    key.addEventListener("click", () => {
      if (character === "") amount.value = amount.value.slice(0, -1);
      else type(character);
    });
  }

  for (const step of steps) {
    const count = /** @type {HTMLInputElement} */ (step.querySelector("input"));
    /** @param {number} by */
    const move = (by) => {
      count.value = String(Math.min(999, Math.max(0, Number(count.value || 0) + by)));
      show();
    };
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (step.querySelectorAll("button"))) {
      button.addEventListener("click", () => move(Number(button.dataset.by)));
    }
    count.addEventListener("input", show);
  }
  show();
}

/** Looks again until the page says something else than that it waits. */
function watch() {
  const timer = setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return;
    const text = await answer.text();
    if (text.includes("data-watch")) return;
    clearInterval(timer);
    location.reload();
  }, 1000);
}

if (till) keys(till);
if (document.querySelector("[data-watch]")) watch();

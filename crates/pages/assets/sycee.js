// @ts-check
/* Comfort for forms: every page works without this file. */

/** Sends a form that moves value once, however often its button is pressed. The server refuses doubles all the same. */
function sendOnce() {
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.hasAttribute("data-sent")) {
        event.preventDefault();
        return;
      }
      form.setAttribute("data-sent", "");
      for (const button of form.querySelectorAll("button[type=submit]")) {
        button.setAttribute("aria-disabled", "true");
      }
    });
  }
  // A page restored by the back button may be sent again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
  });
}

/** Moves the focus to the summary of what is wrong, so that it is read first. */
function focusProblems() {
  const summary = document.querySelector("[data-focus]");
  if (summary instanceof HTMLElement) summary.focus();
}

/** Lets the buttons with round amounts fill in the field. */
function quickAmounts() {
  const field = document.querySelector("input#amount");
  if (!(field instanceof HTMLInputElement)) return;
  for (const button of document.querySelectorAll("button[data-amount]")) {
    if (!(button instanceof HTMLButtonElement)) continue;
    button.addEventListener("click", () => {
      field.value = button.dataset.amount ?? "";
      field.focus();
    });
  }
}

/** Lets the print button of receipts print. */
function printing() {
  for (const button of document.querySelectorAll("button[data-print]")) {
    if (!(button instanceof HTMLButtonElement)) continue;
    button.addEventListener("click", () => print());
  }
}

sendOnce();
focusProblems();
quickAmounts();
printing();

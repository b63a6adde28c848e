// @ts-check
/* Locks the wallet in every tab after minutes without a sign of its owner. The server decides: this file tells it that
 * somebody is there, asks it when a tab comes back, and takes what is shown away when it is time. */

const form = document.querySelector("form[data-lock-seconds]");
/** How often the server hears that somebody is there who only types. */
const TELL_MS = 60_000;

/** @param {HTMLFormElement} lock */
function watch(lock) {
  const idleMs = Number(lock.dataset.lockSeconds) * 1000;
  const tabs = new BroadcastChannel("sycee-lock");
  const page = location.pathname + location.search;
  let seen = Date.now();
  let told = seen;
  let gone = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** Takes away what is shown; keepers of keys listen for the event. */
  function leave() {
    gone = true;
    clearTimeout(timer);
    document.dispatchEvent(new CustomEvent("sycee:lock"));
    document.querySelector("main")?.replaceChildren();
    location.replace(`/lock?next=${encodeURIComponent(page)}`);
  }

  /** The other tabs hear of it once the server has locked, or they would find it open. */
  async function close() {
    const fields = [...new FormData(lock)].map(([name, value]) => [name, String(value)]);
    const body = new URLSearchParams(fields);
    await fetch(lock.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
    tabs.postMessage("locked");
    leave();
  }

  async function tell() {
    told = Date.now();
    const body = new URLSearchParams({ form_token: String(new FormData(lock).get("form_token")) });
    const answer = await fetch("/session/active", { method: "POST", body, redirect: "manual" }).catch(() => undefined);
    if (answer && !answer.ok) leave();
  }

  /** A tab that slept asks before it shows anything. */
  async function wake() {
    if (document.hidden || gone) return;
    const answer = await fetch("/session/state").catch(() => undefined);
    const state = answer?.ok ? await answer.json() : undefined;
    if (answer && state?.open !== true) leave();
  }

  function check() {
    if (gone) return;
    const left = seen + idleMs - Date.now();
    if (left <= 0) void close();
    else timer = setTimeout(check, left);
  }

  function sign() {
    const now = Date.now();
    if (gone || now - seen < 1000) return;
    if (now - seen >= idleMs) return check();
    seen = now;
    tabs.postMessage("seen");
    if (now - told >= TELL_MS) void tell();
  }

  tabs.addEventListener("message", ({ data }) => {
    if (gone) return;
    if (data === "locked") leave();
    else seen = told = Date.now();
  });
  for (const kind of ["pointerdown", "keydown", "scroll", "touchstart"]) {
    addEventListener(kind, sign, { passive: true });
  }
  lock.addEventListener("submit", (event) => {
    event.preventDefault();
    void close();
  });
  document.addEventListener("visibilitychange", () => void wake());
  addEventListener("pageshow", (event) => {
    if (event.persisted) void wake();
  });
  // A page that was opened is a sign too, for all tabs.
  tabs.postMessage("seen");
  timer = setTimeout(check, idleMs);
}

if (form instanceof HTMLFormElement) watch(form);

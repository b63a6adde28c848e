// @ts-check
/* Looks for a merchant's code, or a customer's, with the camera. Where the browser cannot read codes by itself, a small grey
   picture goes to the server, which reads it and forgets it. */

/** The width of the picture that the server reads; the height follows. */
const FRAME_WIDTH = 480;
/** How long to wait between two looks, in milliseconds. */
const PAUSE = 350;

/**
 * The text of a code in the picture, or nothing.
 * @param {HTMLVideoElement} video
 * @param {string} address where the server reads pictures
 * @returns {Promise<string | null>}
 */
async function look(video, address) {
  const height = Math.round((FRAME_WIDTH * video.videoHeight) / video.videoWidth);
  const canvas = new OffscreenCanvas(FRAME_WIDTH, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return null;
  context.drawImage(video, 0, 0, FRAME_WIDTH, height);
  const { data } = context.getImageData(0, 0, FRAME_WIDTH, height);
  const grey = new Uint8Array(FRAME_WIDTH * height);
  for (let index = 0; index < grey.length; index += 1) {
    const at = index * 4;
    grey[index] = (data[at] * 77 + data[at + 1] * 150 + data[at + 2] * 29) >> 8;
  }
  const answer = await fetch(`${address}?width=${FRAME_WIDTH}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: grey,
  });
  if (!answer.ok) return null;
  const { text } = await answer.json();
  return typeof text === "string" ? text : null;
}

/**
 * A reader of pictures: the browser's own where it reads QR codes, else the server's.
 * @param {string} address
 * @returns {Promise<(video: HTMLVideoElement) => Promise<string | null>>}
 */
async function reader(address) {
  const Detector = /** @type {any} */ (globalThis).BarcodeDetector;
  if (Detector !== undefined && (await Detector.getSupportedFormats()).includes("qr_code")) {
    const detector = new Detector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  return (video) => look(video, address);
}

/**
 * Gives the text to the form that waits for it: the camera's own, or a field of the page.
 * @param {HTMLElement} section
 * @param {string} text
 */
function deliver(section, text) {
  const target = section.dataset.scan ?? "";
  if (target.startsWith("#")) {
    const field = document.querySelector(target);
    if (field instanceof HTMLInputElement) {
      field.value = text;
      field.focus();
    }
    return;
  }
  const form = section.querySelector("form[data-scan-form]");
  if (!(form instanceof HTMLFormElement)) return;
  const field = form.elements.namedItem("code");
  if (field instanceof HTMLInputElement) field.value = text;
  form.requestSubmit();
}

/**
 * @param {HTMLElement} section
 * @param {HTMLElement} state
 */
async function watch(section, state) {
  const video = section.querySelector("video");
  if (video === null) return;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch {
    state.textContent = state.dataset.off ?? "";
    return;
  }
  section.classList.add("is-on");
  video.srcObject = stream;
  await video.play();
  const read = await reader(section.dataset.frame ?? "");
  addEventListener("pagehide", () => stream.getTracks().forEach((track) => track.stop()));
  while (video.srcObject !== null) {
    const text = document.hidden ? null : await read(video).catch(() => null);
    if (text !== null && text !== "") {
      state.textContent = state.dataset.seen ?? "";
      stream.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
      section.classList.remove("is-on");
      deliver(section, text);
      return;
    }
    await new Promise((go) => setTimeout(go, PAUSE));
  }
}

for (const section of document.querySelectorAll("section[data-scan]")) {
  const state = section.querySelector("[data-scan-state]");
  if (!(section instanceof HTMLElement) || !(state instanceof HTMLElement)) continue;
  // A page of its own looks at once; on a form one asks for the camera when one wants it.
  const start = section.querySelector("[data-scan-start]");
  if (!(start instanceof HTMLButtonElement)) watch(section, state);
  else start.addEventListener("click", () => {
    start.hidden = true;
    state.textContent = state.dataset.looking ?? "";
    watch(section, state);
  });
}

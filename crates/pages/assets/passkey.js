// @ts-check
/* Passkeys: shows the forms that ask for one where the browser can, and fills in the answer. Everything that a passkey does
 * here, a password or PIN does without this file. */

/** @param {ArrayBuffer} buffer */
function encode(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text */
function decode(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

/** @param {{ id: string }[]} list */
function descriptors(list) {
  return list.map((one) => ({ ...one, id: decode(one.id) }));
}

/**
 * Puts the answer of an authenticator into the hidden fields of its form, and sends it.
 * @param {HTMLFormElement} form
 * @param {PublicKeyCredential} credential
 */
function answer(form, credential) {
  const response = credential.response;
  /** @type {Record<string, string>} */
  const fields = { credential_id: credential.id, client_data: encode(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    fields.attestation_object = encode(response.attestationObject);
  } else if (response instanceof AuthenticatorAssertionResponse) {
    fields.authenticator_data = encode(response.authenticatorData);
    fields.signature = encode(response.signature);
  }
  const computed = computedBy(credential);
  if (form.elements.namedItem("computed") !== null) {
    // A device that computes nothing cannot do what this form is for.
    if (computed === undefined) throw new DOMException("no prf", "NotSupportedError");
    fields.computed = encode(computed);
  }
  for (const [name, value] of Object.entries(fields)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value;
  }
  form.submit();
}

/**
 * What the passkey computed for this site alone (WebAuthn, extension prf).
 * @param {PublicKeyCredential} credential
 * @returns {ArrayBuffer | undefined}
 */
function computedBy(credential) {
  const results = /** @type {{ prf?: { results?: { first?: ArrayBuffer } } }} */ (credential.getClientExtensionResults());
  return results.prf?.results?.first;
}

/** @type {AbortController | undefined} */
let waiting;

/**
 * @param {HTMLFormElement} form
 * @param {CredentialMediationRequirement} [mediation]
 */
async function ask(form, mediation) {
  waiting?.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const options = JSON.parse(form.dataset.request ?? "{}");
  const publicKey = { ...options, challenge: decode(options.challenge) };
  if (form.dataset.passkey === "create") {
    publicKey.user = { ...options.user, id: decode(options.user.id) };
    publicKey.excludeCredentials = descriptors(options.excludeCredentials);
    return navigator.credentials.create({ publicKey, signal });
  }
  publicKey.allowCredentials = descriptors(options.allowCredentials);
  const question = options.extensions?.prf?.eval?.first;
  if (question) publicKey.extensions = { prf: { eval: { first: decode(question) } } };
  return navigator.credentials.get({ publicKey, signal, mediation });
}

/**
 * @param {HTMLFormElement} form
 * @param {CredentialMediationRequirement} [mediation]
 */
async function proceed(form, mediation) {
  const failed = form.querySelector("[data-passkey-failed]");
  if (failed instanceof HTMLElement) failed.hidden = true;
  try {
    const credential = await ask(form, mediation);
    if (credential instanceof PublicKeyCredential) answer(form, credential);
  } catch (error) {
    const cancelled = error instanceof DOMException && error.name === "AbortError";
    if (!cancelled && !mediation && failed instanceof HTMLElement) failed.hidden = false;
  }
}

/** A passkey belongs to a host with a name. */
function possible() {
  return "PublicKeyCredential" in window && isSecureContext && !/^[\d.]+$|:/.test(location.hostname);
}

async function start() {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    form.hidden = !possible();
    if (form.hidden) continue;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void proceed(form);
    });
    // The browser offers passkeys where it would offer saved user names.
    const suggests = await PublicKeyCredential.isConditionalMediationAvailable?.();
    if (suggests && "suggested" in form.dataset) void proceed(form, "conditional");
  }
}

void start();

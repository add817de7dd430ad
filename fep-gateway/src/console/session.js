// Who works at this page. If clients of the gateway have rights, a person gives a token once; then the browser has a cookie that no script can
// read. The token itself is kept nowhere.

import { enter, get, leave, useCsrf } from "./api.js";
import { button, byId, el, fill, labelled } from "./dom.js";
import { t } from "./texts.js";

let client = null;

/** Completes when the page may be used: at once, or after a person gave a token. */
export async function begun() {
  try {
    admit(await get("/v1/session"));
  } catch (problem) {
    // If the gateway cannot be reached, the page says so and goes on trying.
    if (problem.status === 401) await asked();
  }
}

/** The client's name with a button to leave, or nothing if clients have no names. */
export function whoIsHere() {
  if (!client) return null;
  const out = button(t("session.leave"), async () => {
    await leave().catch(() => null);
    location.reload();
  });
  return el("span", "here", el("b", "", client), " ", out);
}

function admit(session) {
  client = session.client;
  useCsrf(session.csrf);
}

/** Asks for a token until one is known. */
function asked() {
  return new Promise((resolve) => {
    const dialog = byId("ask");
    const token = el("input", { name: "token", type: "password", required: true, autocomplete: "current-password" });
    const error = el("p", { class: "error", role: "alert" });
    const yes = el("button", { type: "submit", class: "primary" }, t("session.enter"));
    const form = el("form", { onsubmit: (event) => give(event) },
      el("h2", { id: "ask-title" }, t("session.title")), el("p", "", t("session.text")), labelled(t("session.token"), token),
      error, el("div", "buttons", yes));

    async function give(event) {
      event.preventDefault();
      yes.disabled = true;
      fill(error);
      try {
        admit(await enter(token.value.trim()));
        dialog.oncancel = null;
        dialog.close();
        fill(dialog);
        resolve();
      } catch (problem) {
        fill(error, problem.status === 401 ? t("session.unknown") : problem.message);
      } finally {
        yes.disabled = false;
      }
    }

    dialog.oncancel = (event) => event.preventDefault();
    fill(dialog, form);
    dialog.showModal();
    token.focus();
  });
}

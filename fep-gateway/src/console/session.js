// Who works at this page, and what that client may do. If clients of the gateway have rights, a person gives a token once; then the browser
// has a cookie that no script can read. The token itself is kept nowhere. What is not offered here is refused by the gateway as well.

import { enter, get, leave, useCsrf } from "./api.js";
import { button, byId, el, fill, labelled } from "./dom.js";
import { t } from "./texts.js";

let client = null;
/** What the client may do; `null` for everything. */
let grants = null;

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

/** Whether the client may do this with a telegram of an institution. `null` stands for all of them. */
export function may(action, institution = null, telegram = null) {
  const covers = (names, name) => names === null || (name !== null && names.includes(name));
  return !grants || grants.some((grant) => grant.actions.includes(action)
    && covers(grant.institutions, institution) && covers(grant.telegrams, telegram));
}

/** Whether the client may do this with something of an institution; without one, with anything at all. */
export function maySome(action, institution = null) {
  const covers = ({ institutions }) => institution === null || institutions === null || institutions.includes(institution);
  return !grants || grants.some((grant) => grant.actions.includes(action) && covers(grant));
}

function admit(session) {
  client = session.client;
  grants = session.may;
  useCsrf(session.csrf);
}

/** Asks for a token until one is known. */
function asked() {
  return new Promise((resolve) => {
    const dialog = byId("ask");
    const token = el("input", { name: "token", type: "password", required: true, autocomplete: "current-password" });
    const error = el("p", { class: "error", role: "alert" });
    const yes = el("button", { type: "submit", class: "primary" }, t("session.enter"));
    // Password managers keep a token under a name.
    const name = el("input", { type: "text", value: "fep-gateway", autocomplete: "username", hidden: true });
    const form = el("form", { onsubmit: (event) => give(event) },
      el("h2", { id: "ask-title" }, t("session.title")), el("p", "", t("session.text")), name, labelled(t("session.token"), token),
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

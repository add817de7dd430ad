// Questions before an act. A button opens a dialog; only its confirmation acts, once, and says what came of it.

import { all } from "./feed.js";
import { button, byId, el, fill, labelled, refocus } from "./dom.js";
import { keep, kept, t } from "./texts.js";

const PERSON = "fep.person";

/** Says something to everybody, screen readers included. */
function say(text) {
  const said = byId("said");
  fill(said, text);
  said.classList.add("shown");
  clearTimeout(said.timer);
  said.timer = setTimeout(() => said.classList.remove("shown"), 6000);
}

/** The field for why a person decides something. */
export const noteField = (optional) => ({ name: "note", label: t("ask.note"), max: 200, optional });

/** The field for who decides it. The browser remembers the name. */
export const personField = () => ({ name: "person", label: t("ask.person"), max: 80, value: kept(PERSON) || "" });

/**
 * Asks. `fields` have a `name`, a `label`, a `max` length, perhaps a `value`, `optional`, `inputmode`, a `type` such as `file`, or `options`, pairs of value and text. `act` gets
 * their values; while it works nothing can be pressed again. `done` is said when it has succeeded.
 */
export function ask({ title, text, fields = [], confirm, danger, act, done }) {
  const dialog = byId("ask");
  const inputs = fields.map(input);
  const error = el("p", { class: "error", role: "alert" });
  const yes = el("button", { type: "submit", class: danger ? "danger" : "primary" }, confirm);
  const no = button(t("ask.cancel"), () => dialog.close());
  const form = el("form", { onsubmit: (event) => decide(event) },
    el("h2", { id: "ask-title" }, title), text ? el("p", "", text) : null,
    ...inputs.map((one, index) => labelled(fields[index].label, one)), error,
    el("div", "buttons", no, yes));
  let working = false;

  async function decide(event) {
    event.preventDefault();
    if (working) return;
    working = true;
    for (const one of [yes, no, ...inputs]) one.disabled = true;
    fill(error);
    yes.setAttribute("aria-busy", "true");
    try {
      const values = Object.fromEntries(inputs.map((one) => [one.name, one.files ? one.files[0] : one.value.trim()]));
      if (values.person) keep(PERSON, values.person);
      const came = await act(values);
      dialog.close();
      say(typeof done === "function" ? done(came) : done);
      all();
    } catch (failure) {
      fill(error, failure.message);
    } finally {
      working = false;
      yes.removeAttribute("aria-busy");
      for (const one of [yes, no, ...inputs]) one.disabled = false;
    }
  }

  // What the act changes may take the button away that opened the dialog.
  const opener = document.activeElement;
  const place = opener?.closest(".buttons");
  dialog.onclose = () => {
    if (!opener?.isConnected && document.activeElement === document.body) refocus(place);
  };
  // Nobody closes the dialog while the act is on its way.
  dialog.oncancel = (event) => {
    if (working) event.preventDefault();
  };
  fill(dialog, form);
  dialog.showModal();
  (inputs[0] || no).focus();
}

function input({ name, max, value, optional, options, inputmode, type }) {
  if (options) {
    const choice = el("select", { name, required: true });
    options.forEach(([word, text]) => choice.append(new Option(text, word)));
    return choice;
  }
  // A script may not say which file.
  return el("input", { name, type, ...(type === "file" ? {} : { value: value || "" }), maxlength: max, required: !optional, autocomplete: "off", inputmode });
}

// Sends a telegram by a form made from its layout. What came of it is shown by the view of the exchange, where secrets are masked; the reply
// to the request, which has the answer for services, is not looked at.

import { get, send } from "./api.js";
import { ask } from "./ask.js";
import { address, button, el, empty, faint, fill, labelled, select } from "./dom.js";
import { formOf } from "./form.js";
import { t } from "./texts.js";

const ASKS = /^\/v1\/institutions\/([^/{]+)\/exchanges\/([^/{]+)$/;

let document_ = null;

export function sending({ main, path, title }) {
  title(t("send.title"));
  const [institution, telegram] = path;
  const body = el("div", "", empty(t("loading")));
  main.append(body);
  let ended = false;
  described().then((known) => {
    if (!ended) draw(body, known, institution, telegram, title);
  }).catch((failure) => {
    if (!ended) fill(body, el("p", { class: "error", role: "alert" }, failure.message));
  });
  return () => {
    ended = true;
  };
}

/** The requests of each institution, from the OpenAPI document. It does not change while the gateway runs. */
async function described() {
  document_ ??= await get("/openapi.json");
  const forms = Object.entries(document_.paths).map(([path, { post }]) => {
    const [, institution, telegram] = ASKS.exec(path) || [];
    return telegram && { institution, telegram, schema: resolved(post.requestBody.content["application/json"].schema) };
  });
  return forms.filter(Boolean);
}

function resolved(schema) {
  return schema.$ref ? document_.components.schemas[schema.$ref.split("/").at(-1)] : schema;
}

/** Two choices and the form of what is chosen. A choice changes the address and the form, and keeps the focus: who chooses with the arrow keys goes on. */
function draw(body, forms, institution, telegram, title) {
  const names = [...new Set(forms.map((form) => form.institution))];
  const first = select("institution", [["", t("choose")], ...names.map((name) => [name, name])], institution);
  const second = el("span", "");
  const box = el("div", "");

  function choose(telegramNow) {
    const of = forms.filter((form) => form.institution === first.value);
    const options = of.map(({ telegram: name, schema }) => [name, [schema.description, name].filter(Boolean).join(" · ")]);
    const list = select("telegram", [["", t("choose")], ...options], telegramNow);
    list.disabled = of.length === 0;
    list.addEventListener("change", () => show(list.value));
    fill(second, list);
    show(telegramNow);
  }

  function show(telegramNow) {
    const chosen = forms.find((form) => form.institution === first.value && form.telegram === telegramNow);
    history.replaceState(null, "", address(["send", first.value, telegramNow].filter(Boolean)));
    fill(box, chosen ? form(chosen) : empty(t("send.choose")));
    title(chosen ? [chosen.schema.description || telegramNow, " ", faint(`${telegramNow} · ${first.value}`)] : t("send.title"));
  }

  first.addEventListener("change", () => choose(""));
  choose(telegram);
  fill(body, el("div", "bar", labelled(t("institution"), first), labelled(t("telegram"), second)), box);
}

function form({ institution, telegram, schema }) {
  const error = el("p", { class: "error", role: "alert" });
  const preview = el("pre", "mono preview");
  // The same request under the same key is the same exchange, so that nothing is sent twice after a lost reply.
  let key = newKey();
  const fields = formOf(schema, () => {
    key = newKey();
    fill(error);
    show();
  });
  const show = () => fill(preview, JSON.stringify(fields.peek(), null, 2));
  const details = el("details", { class: "rest", ontoggle: show }, el("summary", "", t("send.body")), preview);

  function submit(event) {
    event.preventDefault();
    const value = fields.read();
    if (value === null) return fill(error, t("send.wrong"));
    const names = { telegram, institution };
    ask({
      title: t("send.ask", names),
      text: t("send.tell"),
      confirm: t("send.do"),
      act: async () => {
        try {
          return await send(institution, telegram, JSON.stringify(value), key);
        } catch (failure) {
          const { field } = failure.body || {};
          if (field) fields.mark(field, failure.message);
          fill(error, failure.message);
          throw failure;
        }
      },
      done: ({ exchange }) => {
        location.hash = address(["exchanges", exchange]);
        return t("send.done", names);
      },
    });
    return null;
  }

  return el("form", { class: "card about send", novalidate: true, onsubmit: submit }, fields.element, details, error,
    el("div", "buttons", el("button", { type: "submit", class: "primary" }, t("send.do")),
      button(t("search.clear"), () => dispatchEvent(new HashChangeEvent("hashchange")))));
}

/** A key that nobody used before. */
function newKey() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

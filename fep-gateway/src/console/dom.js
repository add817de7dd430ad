// Elements. All content is set as text, never as markup, so that data from an institution cannot run as code. This module knows no
// data of the gateway.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element. `attributes` may be a text, the class. A function under a name such as `onclick` becomes a listener. Children are
 * elements, texts, and lists of them; null is left out.
 */
export function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  return filled(element, typeof attributes === "string" ? { class: attributes } : attributes, children);
}

/** Makes an element of a drawing. */
export function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false || value === "") continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

/** Replaces what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** The same, if something but an age has changed. The focus stays on the same link or button. */
export function refill(element, ...children) {
  const fresh = el("div", "", ...children);
  const plain = fresh.cloneNode(true);
  for (const age of plain.querySelectorAll("[data-since]")) age.textContent = "";
  const sign = new XMLSerializer().serializeToString(plain);
  if (signs.get(element) === sign) return;
  signs.set(element, sign);
  keepingFocus(element, () => fill(element, [...fresh.childNodes]));
}

const signs = new WeakMap();

/** Gives the focus to what stands nearest to a button that is gone: another one in its row `place`, or the title of the view. */
export function refocus(place) {
  const near = (place?.isConnected && place.querySelector("button")) || document.querySelector("h1");
  near?.focus({ preventScroll: true });
}

/** Changes what is in an element. If that takes the focus away, the same link or button gets it again, or what stands nearest. */
export function keepingFocus(element, change) {
  const held = document.activeElement;
  change();
  if (!held || held.isConnected) return;
  const isSame = (one) => one.getAttribute("href") === held.getAttribute("href") && (held.hasAttribute("href") || one.textContent === held.textContent);
  const same = [...element.querySelectorAll(held.tagName)].find(isSame);
  if (same) same.focus({ preventScroll: true });
  else refocus(element.matches(".buttons") ? element : null);
}

export const byId = (id) => document.getElementById(id);

/** A text that is less important than what stands around it. */
export const faint = (text) => (text ? el("small", "faint", text) : null);

/** A link to another view of the console. */
export const to = (hash, ...children) => el("a", { href: hash }, ...children);

/** The address of a view: its path, each part escaped, and its query. Empty values are left out of the query. */
export function address(path, query) {
  const given = Object.entries(query || {}).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const words = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${words ? `?${words}` : ""}`;
}

/** A button. */
export function button(text, onclick, attributes) {
  return el("button", { type: "button", onclick, ...attributes }, text);
}

/** A field of a form with its label. */
export function labelled(label, input, note) {
  return el("label", "field", el("span", "field-label", label), input, note || null);
}

/** A choice of words: `options` are pairs of value and text. */
export function select(name, options, value) {
  const element = el("select", { name }, ...options.map(([word, text]) => el("option", { value: word }, text)));
  // An option of the value "" gets no attribute, so its value would be its text.
  options.forEach(([word], index) => element.options[index].value = word);
  element.value = value ?? "";
  return element;
}

/** A part of a view with a heading. */
export function section(title, more, ...children) {
  const heading = el("h2", "", title);
  return el("section", "part", el("div", "part-head", heading, more || null), ...children);
}

/** What stands in place of data that is not there. */
export const empty = (text) => el("p", "empty", text);

/** Pairs of a name and a value. A pair without a value is left out. */
export function facts(pairs) {
  const shown = pairs.filter((pair) => pair && pair[1] !== null && pair[1] !== undefined && pair[1] !== "");
  return el("dl", "facts", ...shown.map(([name, ...value]) => el("div", "", el("dt", "", name), el("dd", "", ...value))));
}

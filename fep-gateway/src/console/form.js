// A form made from the JSON Schema of a telegram: a field for each item, with its length in bytes as it is typed, and what is wrong with it.

import { bytes } from "./bytes.js";
import { button, el, faint, fill } from "./dom.js";
import { t } from "./texts.js";

/** The patterns of byte strings and of digits. Other patterns are of texts that are shorter or longer than their field, such as dates. */
const HEX = "^([0-9A-Fa-f]{2})*$";
const DIGITS = /^\^\[0-9\]\{[0-9,]+\}\$$/;

/**
 * Makes a form. Returns its `element`, `read`, which gives the fields, or `null` if something is wrong and then shows it, `peek`, and
 * `mark`, which shows an error of the gateway at its field. `changed` is called after each change.
 */
export function formOf(schema, changed) {
  const inputs = new Map();
  const part = object(schema, "", inputs, changed);
  return {
    element: part.element,
    read() {
      const wrong = [...inputs.values()].find((input) => input.error());
      for (const input of inputs.values()) input.tell();
      if (!wrong) return part.read() ?? {};
      open(wrong.element);
      wrong.element.focus();
      return null;
    },
    /** The fields as they are now, right or wrong. */
    peek: () => part.read() ?? {},
    mark(path, text) {
      const input = inputs.get(path);
      if (!input) return false;
      input.tell(text);
      open(input.element);
      input.element.focus();
      return true;
    },
  };
}

function open(element) {
  for (let at = element.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
}

/** The properties in their order in the telegram. */
const ordered = (schema) => Object.entries(schema.properties || {}).sort(([, a], [, b]) => (a["x-order"] ?? 0) - (b["x-order"] ?? 0));

const typesOf = (schema) => [schema.type].flat().filter(Boolean);

/** An object: what is required first, the rest, which the gateway can fill, folded. */
function object(schema, path, inputs, changed) {
  const required = new Set(schema.required || []);
  const parts = [];
  const [asked, folded] = [el("div", "form-grid"), el("div", "form-grid")];
  for (const [name, inner] of ordered(schema)) {
    if (inner.readOnly || inner.const !== undefined) continue;
    const at = path ? `${path}.${name}` : name;
    const part = item(inner, name, at, required.has(name), inputs, changed, choiceOf(schema, name));
    parts.push([name, part]);
    (required.has(name) ? asked : folded).append(part.element);
  }
  const rest = folded.childElementCount;
  const element = el("div", "form-part", asked.childElementCount ? asked : null,
    rest > 0 ? el("details", { class: "rest" }, el("summary", "", t("form.rest", { n: rest })), folded) : null);
  return {
    element,
    read() {
      const given = parts.map(([name, part]) => [name, part.read()]).filter(([, value]) => value !== undefined);
      return given.length > 0 ? Object.fromEntries(given) : undefined;
    },
  };
}

/** The cases of a choice: their schemas. */
function choiceOf(schema, name) {
  const cases = (schema.allOf || []).map((condition) => condition.then?.properties?.[name]).filter(Boolean);
  return cases.length > 0 ? cases : null;
}

function item(schema, name, path, isRequired, inputs, changed, cases) {
  if (cases || schema.anyOf) return choice(schema, name, path, cases || schema.anyOf, isRequired, inputs, changed);
  const types = typesOf(schema);
  if (types.includes("object")) return group(schema, name, object(schema, path, inputs, changed), isRequired);
  if (types.includes("array")) return list(schema, name, path, isRequired, inputs, changed);
  return scalar(schema, name, path, isRequired, inputs, changed);
}

const legend = (schema, name) => el("legend", "", schema.title || name, " ", faint(schema.title ? name : ""));

function group(schema, name, part, isRequired) {
  const element = el("fieldset", "group", legend(schema, name), part.element);
  return { element, read: () => part.read() ?? (isRequired ? {} : undefined) };
}

function choice(schema, name, path, cases, isRequired, inputs, changed) {
  const box = el("div", "");
  let part = null;
  const choose = el("select", { "aria-label": t("form.case"), onchange: () => show(Number(choose.value)) },
    ...cases.map((one, index) => new Option(one.title || String(index + 1), String(index))));
  function show(index) {
    for (const known of [...inputs.keys()]) if (known.startsWith(`${path}.`)) inputs.delete(known);
    part = object(cases[index], path, inputs, changed);
    fill(box, part.element);
    changed();
  }
  part = object(cases[0], path, inputs, changed);
  fill(box, part.element);
  const element = el("fieldset", "group", legend(schema, name), choose, box);
  return { element, read: () => part.read() ?? (isRequired ? {} : undefined) };
}

/** A group that repeats. */
function list(schema, name, path, isRequired, inputs, changed) {
  const { minItems: min = 0, maxItems: max = Infinity } = schema;
  const entries = [];
  const box = el("ol", "entries");
  const more = button(t("form.add"), () => {
    add();
    changed();
  });
  let number = 0;
  function add() {
    const at = `${path}[${number}]`;
    number += 1;
    const isObject = typesOf(schema.items).includes("object");
    const part = isObject ? object(schema.items, at, inputs, changed) : scalar(schema.items, name, at, true, inputs, changed);
    const line = el("li", "", part.element, min === max ? null : button(t("form.remove"), () => {
      entries.splice(entries.indexOf(part), 1);
      for (const known of [...inputs.keys()]) if (known.startsWith(at)) inputs.delete(known);
      line.remove();
      limit();
      changed();
    }));
    entries.push(part);
    box.append(line);
    limit();
  }
  const limit = () => more.disabled = entries.length >= max;
  for (let count = 0; count < min; count += 1) add();
  const range = Number.isFinite(max) ? faint(t("form.entries", { min, max })) : null;
  const element = el("fieldset", "group", legend(schema, name), range, box, min === max ? null : more);
  return {
    element,
    read() {
      if (entries.length === 0) return isRequired ? [] : undefined;
      return entries.map((part) => part.read() ?? null);
    },
  };
}

/** One field. */
function scalar(schema, name, path, isRequired, inputs, changed) {
  const id = `f-${path}`;
  const len = schema["x-len"];
  const types = typesOf(schema);
  const meanings = schema["x-meanings"] || {};
  const element = control(schema, types, id, isRequired);
  const count = el("small", { class: "count mono", id: `${id}-count` });
  const error = el("small", { class: "error", id: `${id}-error` });
  const used = () => (schema.pattern === HEX ? element.value.length / 2 : bytes(element.value, schema["x-charset"]).count);
  const input = {
    element,
    error: () => (element.value === "" && !isRequired ? "" : wrong(element.value, schema, types)),
    tell(text = input.error()) {
      fill(error, text);
      if (text) element.setAttribute("aria-invalid", "true");
      else element.removeAttribute("aria-invalid");
    },
  };
  const isCounted = len && element.tagName === "INPUT" && (!schema.pattern || schema.pattern === HEX || DIGITS.test(schema.pattern));
  const show = () => {
    if (isCounted) fill(count, t("form.bytes", { n: used(), len }));
    count.classList.toggle("over", isCounted && used() > len);
  };
  element.addEventListener("input", () => {
    show();
    input.tell();
    changed();
  });
  element.setAttribute("aria-describedby", `${id}-count ${id}-error`);
  show();
  inputs.set(path, input);
  const known = schema.examples && Object.keys(meanings).length > 0
    ? el("datalist", { id: `${id}-list` }, ...schema.examples.map((code) => el("option", { value: code, label: meanings[code] || code }))) : null;
  if (known) element.setAttribute("list", known.id);
  const label = el("label", { for: id, class: "field-label" }, schema.title || name, " ", faint(schema.title ? name : ""),
    isRequired ? el("b", { class: "must", title: t("form.required"), "aria-label": t("form.required") }, " *") : null,
    schema["x-secret"] ? [" ", el("span", "tag", t("form.secret"))] : null);
  return {
    element: el("div", "field", label, element, known, el("div", "field-foot", error, count)),
    read: () => valueOf(element.value, schema, types, isRequired),
  };
}

function control(schema, types, id, isRequired) {
  if (schema.enum || types.includes("boolean")) {
    const words = schema.enum || ["true", "false"];
    const options = isRequired && schema.enum?.includes("") ? words : ["", ...words.filter((code) => code !== "")];
    const text = (code) => [code, schema["x-meanings"]?.[code]].filter(Boolean).join(" ") || "–";
    return el("select", { id }, ...options.map((code) => new Option(text(code), code)));
  }
  const isNumber = types.includes("integer") || /^\^-?\[0-9\]/.test(schema.pattern || "");
  const type = schema.format === "date" ? "date" : "text";
  return el("input", { id, type, autocomplete: "off", spellcheck: "false", inputmode: isNumber ? "numeric" : null });
}

/** What is wrong with a text, or an empty text. */
function wrong(text, schema, types) {
  const len = schema["x-len"];
  if (types.includes("null") && text === "") return "";
  if (types.includes("boolean")) return text === "" ? t("form.missing") : "";
  if (types.includes("integer")) {
    if (text === "") return t("form.missing");
    if (!/^-?[0-9]+$/.test(text)) return t("form.whole");
    const value = Number(text);
    if (value > schema.maximum || value < schema.minimum) return t("form.range", { min: schema.minimum, max: schema.maximum });
    return schema.multipleOf && value % schema.multipleOf !== 0 ? t("form.multiple", { n: schema.multipleOf }) : "";
  }
  if (schema.enum && !schema.enum.includes(text)) return t("form.missing");
  if (schema.pattern && !new RegExp(schema.pattern, "u").test(text)) return text === "" ? t("form.missing") : formText(schema.pattern);
  const { count, foreign } = bytes(text, schema["x-charset"]);
  if (foreign && schema["x-charset"]) return t("form.foreign", { character: foreign, charset: schema["x-charset"] });
  return len && !schema.pattern && count > len ? t("form.long", { n: count, len }) : "";
}

/** The form of a pattern in words, if it is one that sheets often have. */
function formText(pattern) {
  if (pattern === HEX) return t("form.hex");
  if (!DIGITS.test(pattern)) return t("form.pattern", { pattern });
  const [min, max = min] = pattern.match(/[0-9]+(?=[,}])/g);
  return t(min === max ? "form.digits" : "form.digits_max", { n: max });
}

/** The value in the document. A field without a text is left out if it may be. */
function valueOf(text, schema, types, isRequired) {
  if (text === "") {
    if (!isRequired) return undefined;
    return types.includes("null") ? null : types.includes("string") ? "" : undefined;
  }
  if (types.includes("boolean")) return text === "true";
  return types.includes("integer") ? Number(text) : text;
}

// How many bytes a text has in a charset, as far as a browser can tell. The gateway decides; this only counts while a person types.

/** Charsets whose characters a browser can decode, with their names there and the number of bytes of a pair. */
const PAIRS = { "euc-kr": "euc-kr", cp949: "euc-kr", cp932: "shift_jis" };
/** EBCDIC charsets with pairs, which stand between two shift bytes. */
const SHIFTED = ["ibm933", "ibm1364", "ibm930", "ibm939", "ibm1390", "ibm1399"];
const known = new Map();

/** The number of bytes, and the first character that the charset does not have, if that is known. */
export function bytes(text, charset) {
  const name = charset || "ascii";
  if (name === "utf-8") return { count: new TextEncoder().encode(text).length };
  if (Object.hasOwn(PAIRS, name)) return pairs(text, name);
  if (SHIFTED.includes(name)) return shifted(text);
  if (name === "johab" || name === "ibm834") return { count: sum(text, (code) => (code < 0x80 && name === "johab" ? 1 : 2)) };
  const most = name === "ascii" ? 0x7f : Infinity;
  return { count: [...text].length, foreign: [...text].find((character) => character.codePointAt(0) > most) };
}

const sum = (text, size) => [...text].reduce((count, character) => count + size(character.codePointAt(0)), 0);

function pairs(text, name) {
  const characters = charactersOf(name);
  const foreign = [...text].find((character) => character.codePointAt(0) > 0x7f && !characters.has(character));
  const count = [...text].reduce((total, character) => total + (character.codePointAt(0) < 0x80 ? 1 : characters.get(character) ?? 2), 0);
  return { count, foreign };
}

/** The characters beyond ASCII, with the number of their bytes. */
function charactersOf(name) {
  if (known.has(name)) return known.get(name);
  const decoder = new TextDecoder(PAIRS[name]);
  const characters = new Map();
  const learn = (...of) => {
    const decoded = [...decoder.decode(new Uint8Array(of))];
    if (decoded.length === 1 && decoded[0] !== "\ufffd") characters.set(decoded[0], of.length);
  };
  for (let first = 0x81; first <= 0xfe; first += 1) {
    learn(first);
    // EUC-KR has only the pairs of which both bytes are high.
    for (let second = name === "euc-kr" ? 0xa1 : 0x40; second <= 0xfe; second += 1) {
      if (name !== "euc-kr" || first >= 0xa1) learn(first, second);
    }
  }
  known.set(name, characters);
  return characters;
}

/** Each run of pairs has a byte before it and one behind it. */
function shifted(text) {
  let count = 0;
  let inPairs = false;
  for (const character of text) {
    const isPair = character.codePointAt(0) > 0xff;
    if (isPair !== inPairs) count += 1;
    inPairs = isPair;
    count += isPair ? 2 : 1;
  }
  return { count: inPairs ? count + 1 : count };
}

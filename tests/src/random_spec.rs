//! Random spec documents from a sequence of random numbers: telegrams with every kind, form and nesting that a spec can have.
//!
//! Every spec must load without findings. The rules come from the documentation of the spec file, not from the loader.

use std::fmt::Write as _;

use crate::arbitrary::Random;

/// The seeds of the specs that have generated code in `src/generated`.
pub const COMMITTED: std::ops::Range<u64> = 1..5;

/// Returns the text of a spec with a few telegrams.
#[must_use]
pub fn random_spec(name: &str, seed: u64) -> String {
    let mut writer = Writer { random: Random(seed), text: String::new(), names: 0, late: 0, marks: 0 };
    let charset = *writer.random.one_of(&["ascii", "euc-kr", "cp949", "utf-8", "ibm933", "cp037"]);
    writer.line(format_args!("# Made by `random-specs` from seed {seed}; a person would have written another one.\n"));
    writer.line(format_args!("spec    = \"{name}\"\ntitle   = \"seed {seed}\"\nversion = \"1\""));
    writer.line(format_args!("source  = \"random numbers\"\ncharset = \"{charset}\"\n"));
    writer.part("Plain", 3);
    writer.part("Pair", 2);
    writer.linked_part();
    writer.marks = writer.random.small(MARKS.len());
    for number in 0..4 {
        writer.telegram(number);
    }
    writer.text
}

struct Writer {
    random: Random,
    text: String,
    /// The number of names so far, so that each name is unique.
    names: usize,
    /// The number of length fields in the telegram so far.
    late: usize,
    /// The marks that tell the last two telegrams apart, as an index of [`MARKS`].
    marks: usize,
}

/// A mark in two telegrams: the item, and the condition if there is one.
type Mark = [(&'static str, Option<&'static str>); 2];

/// Marks that tell two telegrams apart that have the same tag.
const MARKS: [Mark; 9] = [
    [("literal = \"A\", name = \"step\"", None), ("literal = \"B\", name = \"step\"", None)],
    [("hex = \"00FE\"", None), ("hex = \"00FF\"", None)],
    same("name = \"step\", kind = \"number\", len = 3, accepts = [\"leading-blanks\"]", "5", "17"),
    same("name = \"step\", kind = \"number\", len = 2, encoding = \"bcd\"", "200", "210"),
    same(
        "name = \"step\", kind = \"number\", len = 2, encoding = \"packed\", sign = \"signed\", accepts = [\"host-signs\"]",
        "7",
        "-7",
    ),
    same("name = \"step\", kind = \"digits\", len = 2, encoding = \"bcd\", full = true", "0200", "0210"),
    same("name = \"step\", kind = \"flag\", len = 1", "true", "false"),
    same("name = \"step\", kind = \"bytes\", len = 2", "0a00", "0aFF"),
    same("name = \"step\", kind = \"text\", len = 3, justify = \"right\", charset = \"ascii\"", "A", "AA"),
];

/// A field with one of two values.
const fn same(item: &'static str, first: &'static str, second: &'static str) -> Mark {
    [(item, Some(first)), (item, Some(second))]
}

impl Random {
    fn one_of<'t, T>(&mut self, choice: &'t [T]) -> &'t T {
        let at = usize::try_from(self.below(choice.len() as u64)).unwrap_or_default();
        choice.get(at).unwrap_or_else(|| unreachable_choice())
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

#[allow(clippy::panic, reason = "a choice of nothing is a mistake in this file")]
fn unreachable_choice() -> ! {
    panic!("a choice of nothing")
}

impl Writer {
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{text}");
    }

    fn item(&mut self, text: std::fmt::Arguments<'_>) {
        self.line(format_args!("  {{ {text} }},"));
    }

    fn name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}_{}", self.names)
    }

    fn part(&mut self, name: &str, fields: usize) {
        self.line(format_args!("[parts.{name}]\nitems = ["));
        for _ in 0..fields {
            self.field();
        }
        self.line(format_args!("]\n"));
    }

    /// A header that states the length, the count and the sum of a group beside it.
    fn linked_part(&mut self) {
        let form = *self.random.one_of(&["", ", encoding = \"binary\"", ", encoding = \"bcd\""]);
        self.line(format_args!("[parts.Link]\nitems = ["));
        self.item(format_args!(
            "name = \"rows_len\", kind = \"number\", len = 3{form}, computed = \"length\", of = \"rows\""
        ));
        self.item(format_args!(
            "name = \"row_count\", kind = \"number\", len = 2{form}, computed = \"count\", of = \"rows\""
        ));
        self.item(format_args!(
            "name = \"total\", kind = \"number\", len = 6, computed = \"sum\", of = \"rows.amount\""
        ));
        self.line(format_args!("]\n"));
    }

    fn linked(&mut self) {
        self.late += 1;
        self.item(format_args!("part = \"Link\", name = \"link\""));
        let value = self.name("value");
        let kind = self.text_kind();
        self.item(format_args!(
            "group = \"rows\", count = \"link.row_count\", max = 5, items = [{{ name = \"amount\", kind = \"number\", len = 4 }}, {{ name = \"{value}\", {kind} }}]"
        ));
    }

    fn telegram(&mut self, number: usize) {
        self.late = 0;
        // The last two telegrams have the same tag.
        let mark = MARKS.get(self.marks).and_then(|marks| marks.get(number.wrapping_sub(2)));
        let tag = number.min(2);
        let step =
            mark.and_then(|(_, value)| *value).map(|value| format!(", \"step\" = \"{value}\"")).unwrap_or_default();
        self.line(format_args!("[telegrams.T{number}]\nwhen  = {{ \"tag\" = \"T{tag}\"{step} }}\nitems = ["));
        self.item(format_args!("name = \"tag\", kind = \"text\", len = 2, charset = \"ascii\""));
        if let Some((item, _)) = mark {
            self.item(format_args!("{item}"));
        }
        if number == 1 {
            self.linked();
        }
        if number == 0 {
            // Every part must be used, because an unused part is a finding.
            self.part_use_of("Plain");
            self.part_use_of("Pair");
        }
        for _ in 0..self.random.between(3, 9) {
            match self.random.below(12) {
                0 => self.length(),
                1 => self.group(),
                2 => self.padded(),
                3 => self.part_use(),
                4 => self.choice(),
                5 => self.measured(),
                6 => self.sum(),
                7 => self.sign(),
                8 => self.bytes_without_value(),
                _ => self.field(),
            }
        }
        self.end();
        self.line(format_args!("]\n"));
    }

    /// Items that are allowed only if all items behind them have a fixed length.
    fn end(&mut self) {
        match self.random.below(6) {
            5 => self.check_around(),
            0 => {
                let items = self.name("items");
                let count = self.name("count");
                let entry = self.entry();
                self.item(format_args!("group = \"{items}\", count = \"{count}\", max = 5, {entry}"));
                self.item(format_args!(
                    "name = \"{count}\", kind = \"number\", len = 2, computed = \"count\", of = \"{items}\""
                ));
                self.field();
            }
            1 => {
                let items = self.name("items");
                let entry = self.entry();
                self.item(format_args!("group = \"{items}\", repeat = \"rest\", max = 4, {entry}"));
                self.bytes_without_value();
            }
            2 => {
                let tail = self.name("tail");
                let kind = *self.random.one_of(&["text", "digits", "bytes"]);
                self.item(format_args!("name = \"{tail}\", kind = \"{kind}\", tail = true, max = 20"));
                self.field();
            }
            3 => {
                let check = self.name("check");
                let len = self.random.between(1, 2);
                if self.late < 2 {
                    self.item(format_args!(
                        "name = \"{check}\", len = {len}, computed = \"check\", function = \"xor\""
                    ));
                }
            }
            _ => self.field(),
        }
    }

    /// A check over a range with an end, which stands around it or before it.
    fn check_around(&mut self) {
        let check = self.name("check");
        let kind = *self.random.one_of(&["len = 2", "kind = \"bytes\", len = 1", "kind = \"text\", len = 2"]);
        let behind = self.name("behind");
        let (before, to) =
            if self.random.one_in(2) { ("tag", behind.as_str()) } else { (behind.as_str(), behind.as_str()) };
        if self.late < 2 {
            self.item(format_args!(
                "name = \"{check}\", {kind}, computed = \"check\", function = \"xor\", from = \"{before}\", to = \"{to}\""
            ));
        }
        let text = self.text_kind();
        self.item(format_args!("name = \"{behind}\", {text}"));
    }

    fn field(&mut self) {
        let name = self.name("f");
        let kind = self.kind();
        self.item(format_args!("name = \"{name}\", {kind}"));
    }

    /// The kind of a field or of an array's entries, with its options.
    fn kind(&mut self) -> String {
        let secret = if self.random.one_in(6) { ", secret = true" } else { "" };
        let kind = match self.random.below(9) {
            0 | 1 => self.text_kind(),
            2 => self.digits_kind(),
            3 | 4 => self.number_kind(),
            5 => self.date_kind(),
            6 => "kind = \"flag\", len = 1".to_owned(),
            7 => format!("kind = \"bytes\", len = {}", self.random.between(1, 5)),
            _ => "kind = \"code\", len = 2, codes = [{ code = \"1\", label = \"하나\" }, { code = \"22\", label = \"둘\" }]".to_owned(),
        };
        format!("{kind}{secret}")
    }

    fn text_kind(&mut self) -> String {
        let len = self.random.between(1, 30);
        match self.random.below(4) {
            0 => format!("kind = \"text\", len = {len}, justify = \"right\""),
            1 => format!("kind = \"text\", len = {len}, pad = \"*\""),
            2 => format!("kind = \"text\", len = {len}, overflow = \"cut\""),
            _ => format!("kind = \"text\", len = {len}"),
        }
    }

    fn digits_kind(&mut self) -> String {
        let len = self.random.between(1, 16);
        match self.random.below(7) {
            3 => format!("kind = \"digits\", len = {len}, encoding = \"bcd\""),
            4 => format!("kind = \"digits\", len = {len}, encoding = \"bcd\", full = true"),
            5 => format!(
                "kind = \"digits\", len = {len}, encoding = \"packed\", full = true, accepts = [\"host-signs\"]"
            ),
            6 => format!("kind = \"digits\", len = {len}, justify = \"right\""),
            0 => format!("kind = \"digits\", len = {len}, full = true"),
            1 => format!("kind = \"digits\", len = {len}, encoding = \"ebcdic\""),
            _ => format!("kind = \"digits\", len = {len}"),
        }
    }

    fn number_kind(&mut self) -> String {
        let none = *self.random.one_of(&["", "", ", none = \"zeros\"", ", none = \"spaces\""]);
        let scale = *self.random.one_of(&["", "", ", scale = 1", ", scale = 2"]);
        let form = match self.random.below(12) {
            9 => return self.number_with_forms(),
            10 => return self.edited_number(),
            11 => format!("len = {}", self.random.between(3, 18)),
            0 => format!("len = {}, sign = \"leading-minus\"", self.random.between(4, 16)),
            1 => format!("len = {}, sign = \"trailing\"", self.random.between(4, 16)),
            2 => format!("len = {}, sign = \"overpunch\"", self.random.between(3, 16)),
            3 => format!("len = {}, encoding = \"packed\", sign = \"signed\"", self.random.between(2, 9)),
            4 => format!("len = {}, encoding = \"bcd\"", self.random.between(2, 9)),
            5 => format!("len = {}, encoding = \"binary\", sign = \"signed\"", self.random.between(2, 8)),
            6 => format!("len = {}, encoding = \"binary-little\"", self.random.between(2, 8)),
            7 => format!("len = {}, encoding = \"ebcdic\"", self.random.between(3, 16)),
            _ => format!("len = {}", self.random.between(3, 18)),
        };
        // Spaces can be the bytes of a binary number, and their half bytes can be packed digits.
        let none = if form.contains("encoding") && none.contains("spaces") { "" } else { none };
        format!("kind = \"number\", {form}{scale}{none}")
    }

    /// A number that reads further forms.
    fn number_with_forms(&mut self) -> String {
        let forms = [
            "len = 7, sign = \"leading\", accepts = [\"blank-sign\", \"minus-zero\"]",
            "len = 7, sign = \"trailing\", accepts = \"blank-sign\"",
            "len = 7, sign = \"leading-minus\", accepts = [\"plus-sign\", \"minus-zero\"]",
            "len = 5, sign = \"overpunch\", encoding = \"ebcdic\", accepts = [\"host-signs\", \"minus-zero\"]",
            "len = 5, sign = \"overpunch\", encoding = \"ascii\", accepts = [\"plain-digits\"]",
            "len = 5, sign = { at = \"trailing\", overpunch = \"ebcdic-minus\" }, accepts = [\"overpunched-plus\"]",
            "len = 4, encoding = \"packed\", sign = \"signed\", accepts = [\"host-signs\", \"minus-zero\"]",
            "len = 4, encoding = \"packed\", accepts = [\"host-signs\"], none = [\"zeros\", \"low-values\"]",
            "len = 6, accepts = [\"leading-blanks\"]",
            "len = 6, none = [\"spaces\", \"zeros\", \"low-values\"]",
            "len = 8, pad = \" \", accepts = [\"leading-zeros\"]",
        ];
        format!("kind = \"number\", {}", self.random.one_of(&forms))
    }

    /// A number with a point or padding, or a scale that its digits do not have.
    fn edited_number(&mut self) -> String {
        let forms = [
            "len = 9, point = true, scale = 2",
            "len = 9, point = \",\", scale = 2, sign = \"leading-minus\", pad = \" \"",
            "len = 9, pad = \" \", justify = \"left\"",
            "len = 9, pad = \"*\", none = \"spaces\"",
            "len = 9, pad = \" \", sign = \"leading-minus\", none = \"spaces\"",
            "len = 5, scale = 7",
            "len = 3, scale = -3",
            "len = 3, encoding = \"packed\", scale = -2, sign = \"signed\"",
        ];
        format!("kind = \"number\", {}", self.random.one_of(&forms))
    }

    fn date_kind(&mut self) -> String {
        let kinds = [
            "kind = \"date\", len = 8",
            "kind = \"date\", len = 8, none = \"zeros\"",
            "kind = \"date\", pattern = \"YYMMDD\", len = 6, none = \"spaces\"",
            "kind = \"date\", pattern = \"YYYYDDD\", len = 7",
            "kind = \"date\", len = 5, encoding = \"packed\"",
            "kind = \"time\", len = 6",
            "kind = \"time\", pattern = \"HHMM\", len = 4, none = \"nines\"",
            "kind = \"datetime\", len = 14",
            "kind = \"date\", pattern = \"DD/MM/YYYY\", len = 10, none = [\"zeros\", \"spaces\"]",
            "kind = \"date\", pattern = \"CYYMMDD\", len = 7",
            "kind = \"date\", pattern = \"YYYYMM\", len = 6, none = [\"spaces\", \"zeros\", \"low-values\"]",
            "kind = \"date\", pattern = \"DDMM\", len = 4",
            "kind = \"time\", pattern = \"HHMMSSmmm\", len = 9",
            "kind = \"datetime\", pattern = \"YYYYDDDHHMMSScc\", len = 8, encoding = \"packed\", none = \"zeros\"",
        ];
        (*self.random.one_of(&kinds)).to_owned()
    }

    fn bytes_without_value(&mut self) {
        match self.random.below(3) {
            0 => self.item(format_args!("literal = \"LIT\"")),
            1 => self.item(format_args!("hex = \"fe00\"")),
            _ => {
                let len = self.random.between(1, 9);
                self.item(format_args!("filler = {len}"));
            }
        }
    }

    fn length(&mut self) {
        if self.late < 2 {
            self.late += 1;
            let name = self.name("length");
            let counts = *self.random.one_of(&["rest", "all"]);
            self.item(format_args!(
                "name = \"{name}\", kind = \"number\", len = 4, computed = \"length\", counts = \"{counts}\""
            ));
        }
    }

    fn part_use(&mut self) {
        let part = *self.random.one_of(&["Plain", "Pair"]);
        self.part_use_of(part);
    }

    fn part_use_of(&mut self, part: &str) {
        let name = self.name("part");
        self.item(format_args!("part = \"{part}\", name = \"{name}\""));
    }

    /// The entries of a group: a part, or plain values.
    fn entry(&mut self) -> String {
        if self.random.one_in(3) {
            return self.kind();
        }
        let part = *self.random.one_of(&["Plain", "Pair"]);
        format!("part = \"{part}\"")
    }

    fn group(&mut self) {
        let items = self.name("items");
        let entry = self.entry();
        if self.random.one_in(2) {
            let count = self.random.between(1, 3);
            return self.item(format_args!("group = \"{items}\", count = {count}, {entry}"));
        }
        let count = self.name("count");
        self.item(format_args!(
            "name = \"{count}\", kind = \"number\", len = 2, computed = \"count\", of = \"{items}\""
        ));
        if self.random.one_in(2) {
            return self.item(format_args!("group = \"{items}\", count = \"{count}\", max = 4, {entry}"));
        }
        let inner = self.name("inner");
        let inner_count = self.name("inner_count");
        let cell = self.name("cell");
        self.line(format_args!("  {{ group = \"{items}\", count = \"{count}\", max = 3, items = ["));
        self.item(format_args!(
            "name = \"{inner_count}\", kind = \"number\", len = 1, computed = \"count\", of = \"{inner}\""
        ));
        let number = self.name("number");
        self.item(format_args!("name = \"{number}\", kind = \"number\", len = 2, computed = \"sequence\""));
        self.item(format_args!(
            "group = \"{inner}\", count = \"{inner_count}\", max = 2, items = [{{ name = \"{cell}\", kind = \"text\", len = 3 }}]"
        ));
        self.line(format_args!("  ] }},"));
    }

    /// The entries begin with a letter, so that no entry looks like an unused one.
    fn padded(&mut self) {
        let items = self.name("items");
        let mark = self.name("mark");
        let value = self.name("value");
        let entry =
            format!("[{{ literal = \"E\", name = \"{mark}\" }}, {{ name = \"{value}\", kind = \"text\", len = 3 }}]");
        if self.random.one_in(2) {
            return self.item(format_args!("group = \"{items}\", padded = true, max = 3, items = {entry}"));
        }
        let count = self.name("count");
        self.item(format_args!(
            "name = \"{count}\", kind = \"number\", len = 1, computed = \"count\", of = \"{items}\""
        ));
        self.item(format_args!(
            "group = \"{items}\", padded = true, pad = \"0\", count = \"{count}\", max = 3, items = {entry}"
        ));
    }

    fn choice(&mut self) {
        let body = self.name("body");
        let code = self.name("code");
        let first = self.name("a");
        let second = self.name("b");
        self.item(format_args!("name = \"{code}\", kind = \"text\", len = 2, charset = \"ascii\""));
        self.line(format_args!("  {{ choice = \"{body}\", by = \"{code}\", cases = ["));
        self.item(format_args!("codes = [\"A\", \"AA\"], part = \"Plain\""));
        let case = self.name("Case").replace('_', "");
        self.item(format_args!(
            "code = \"B\", name = \"{case}\", items = [{{ name = \"{first}\", kind = \"number\", len = 5 }}, {{ name = \"{second}\", kind = \"text\", len = 9 }}]"
        ));
        self.item(format_args!("other = true, part = \"Pair\""));
        self.line(format_args!("  ] }},"));
    }

    fn measured(&mut self) {
        let len = self.name("len");
        let tail = self.name("tail");
        let kind = *self.random.one_of(&["text", "digits", "bytes"]);
        self.item(format_args!("name = \"{len}\", kind = \"number\", len = 2, computed = \"length\", of = \"{tail}\""));
        self.item(format_args!("name = \"{tail}\", kind = \"{kind}\", tail = true, max = 30"));
    }

    fn sum(&mut self) {
        let total = self.name("total");
        let items = self.name("items");
        let amount = self.name("amount");
        let scale = *self.random.one_of(&["", ", scale = 2"]);
        let is_array = self.random.one_in(3);
        let of = if is_array { items.clone() } else { format!("{items}.{amount}") };
        self.item(format_args!(
            "name = \"{total}\", kind = \"number\", len = 9, computed = \"sum\", of = \"{of}\"{scale}"
        ));
        if is_array {
            return self.item(format_args!("group = \"{items}\", count = 3, kind = \"number\", len = 7{scale}"));
        }
        self.item(format_args!(
            "group = \"{items}\", count = 3, items = [{{ name = \"{amount}\", kind = \"number\", len = 7{scale} }}]"
        ));
    }

    fn sign(&mut self) {
        let sign = self.name("sign");
        let number = self.name("signed");
        let signs = *self.random.one_of(&["+-", "+- ", "01"]);
        let sign = format!("name = \"{sign}\", len = 1, computed = \"sign\", of = \"{number}\", signs = \"{signs}\"");
        let none = *self.random.one_of(&["", ", none = \"spaces\""]);
        let number = format!("name = \"{number}\", kind = \"number\", len = 8{none}");
        let (first, second) = if self.random.one_in(2) { (sign, number) } else { (number, sign) };
        self.item(format_args!("{first}"));
        self.item(format_args!("{second}"));
    }
}

//! Random small telegrams that differ in their marks: literals, and conditions on fields of every kind, in parts and with further
//! forms. They are so small that all bytes can be tried.

use crate::arbitrary::Random;

/// The number of bytes of a telegram.
pub const LEN: usize = 3;

/// The first lines of a spec, without telegrams.
#[must_use]
pub fn head(charset: &str) -> String {
    format!(
        "spec = \"marks\"\ntitle = \"t\"\nversion = \"1\"\nsource = \"random numbers\"\ncharset = \"{charset}\"\n\n"
    )
}

/// The sections of a telegram: a part if it has one, and the telegram. Not every telegram is possible: a condition may be one that
/// its field can never meet.
#[must_use]
pub fn random_telegram(name: &str, random: &mut Random) -> String {
    let mut items = Vec::new();
    let mut conditions = Vec::new();
    let in_part = random.below(4) == 0;
    let mut room = LEN;
    while room > 0 && items.len() < 3 {
        let most = if random.below(3) == 0 { 3 } else { 2 };
        let len = 1 + random.small(room.min(most));
        room -= len;
        let at = format!("f{}", items.len());
        match random.below(6) {
            0 | 1 => items.push(literal(len, random)),
            2 => items.push(format!("{{ filler = {len}, any = true }}")),
            _ => {
                let (kind, values) = field(len, random);
                items.push(format!("{{ name = \"{at}\", len = {len}, {kind} }}"));
                if random.below(3) > 0 {
                    let value = one_of(values, random);
                    conditions.push(format!("\"{}{at}\" = \"{value}\"", if in_part { "part." } else { "" }));
                }
            }
        }
    }
    if room > 0 {
        items.push(format!("{{ filler = {room}, any = true }}"));
    }
    let items = items.join(", ");
    let when = match conditions.is_empty() {
        true => String::new(),
        false => format!("when = {{ {} }}\n", conditions.join(", ")),
    };
    if in_part {
        return format!(
            "[parts.{name}Part]\nitems = [{items}]\n\n[telegrams.{name}]\n{when}items = [{{ part = \"{name}Part\", name = \"part\" }}]\n\n"
        );
    }
    format!("[telegrams.{name}]\n{when}items = [{items}]\n\n")
}

fn one_of<'t>(choice: &[&'t str], random: &mut Random) -> &'t str {
    choice.get(random.small(choice.len())).copied().unwrap_or_default()
}

fn literal(len: usize, random: &mut Random) -> String {
    let text: String = (0..len).map(|_| one_of(&["A", "0", "1", " ", "5"], random)).collect();
    let hex: String = (0..len).map(|_| one_of(&["00", "0C", "01", "1F", "05", "F5", "40"], random)).collect();
    // A literal of blanks alone looks like a filler.
    if random.below(3) == 0 || text.trim().is_empty() {
        return format!("{{ hex = \"{hex}\" }}");
    }
    format!("{{ literal = \"{text}\" }}")
}

/// A field of this length, and values that its condition may have.
fn field(len: usize, random: &mut Random) -> (String, &'static [&'static str]) {
    let (kinds, values): (&[&str], &'static [&'static str]) = match random.below(8) {
        0 => (
            &[
                "kind = \"text\"",
                "kind = \"text\", charset = \"cp037\"",
                "kind = \"text\", justify = \"right\"",
                "kind = \"text\", pad = \"*\"",
                "kind = \"text\", full = true",
            ],
            &["", "A", "1", "A1", "0", "05"],
        ),
        1 => (
            &[
                "kind = \"digits\"",
                "kind = \"digits\", full = true",
                "kind = \"digits\", encoding = \"ebcdic\"",
                "kind = \"digits\", encoding = \"bcd\", full = true",
                "kind = \"digits\", encoding = \"bcd\"",
                "kind = \"digits\", encoding = \"packed\", full = true",
                "kind = \"digits\", encoding = \"packed\", full = true, accepts = [\"host-signs\"]",
                "kind = \"digits\", justify = \"right\"",
                "kind = \"digits\", pad = \"*\"",
            ],
            &["", "0", "1", "5", "01", "05", "005", "00005"],
        ),
        2 => (
            &["kind = \"code\", codes = [{ code = \"\" }, { code = \"A\" }, { code = \"1\" }, { code = \"05\" }]"],
            &["", "A", "1", "05"],
        ),
        3 if len == 1 => {
            (&["kind = \"flag\"", "kind = \"flag\", yes = \"1\", no = \"0\""], &["true", "false", "1", "Y"])
        }
        4 => (&["kind = \"bytes\""], &["00", "0C", "0000", "1F", "F5F5", "000000"]),
        _ => return (number(random), &["0", "1", "5", "05", "-5", "-0", "", "10", "-1", "0.5", "500"]),
    };
    (one_of(kinds, random).to_owned(), values)
}

fn number(random: &mut Random) -> String {
    let forms = [
        "",
        "accepts = \"leading-blanks\"",
        "pad = \" \"",
        "pad = \" \", accepts = [\"leading-zeros\"]",
        "pad = \" \", justify = \"left\"",
        "pad = \" \", justify = \"left\", accepts = [\"leading-zeros\"]",
        "pad = \"*\", accepts = [\"leading-zeros\"]",
        "sign = \"leading-minus\"",
        "sign = \"leading-minus\", accepts = [\"plus-sign\", \"minus-zero\"]",
        "sign = \"leading-minus\", pad = \" \", accepts = [\"plus-sign\", \"minus-zero\", \"leading-zeros\"]",
        "sign = \"leading-minus\", accepts = [\"plus-sign\", \"leading-blanks\", \"minus-zero\"]",
        "sign = \"leading\", accepts = [\"blank-sign\", \"minus-zero\"]",
        "sign = \"leading\", accepts = [\"blank-sign\", \"leading-blanks\"]",
        "sign = \"leading\", pad = \" \", accepts = [\"blank-sign\", \"minus-zero\", \"leading-zeros\"]",
        "sign = \"trailing\", accepts = [\"blank-sign\", \"leading-blanks\"]",
        "sign = { at = \"trailing\", plus = \" \", minus = \"-\" }, accepts = [\"plus-sign\"]",
        "sign = { at = \"leading\", plus = \"0\", minus = \"1\" }, accepts = [\"plus-sign\", \"blank-sign\"]",
        "sign = \"trailing\", pad = \" \", justify = \"left\", accepts = [\"blank-sign\", \"leading-zeros\"]",
        "sign = \"overpunch\", accepts = [\"plain-digits\", \"minus-zero\"]",
        "sign = \"overpunch\", accepts = [\"plain-digits\", \"leading-blanks\"]",
        "sign = { at = \"leading\", overpunch = \"ebcdic-minus\" }, accepts = [\"overpunched-plus\"]",
        "sign = { at = \"trailing\", overpunch = \"strict-ascii\" }, accepts = [\"overpunched-plus\", \"minus-zero\"]",
        "encoding = \"ebcdic\", sign = \"overpunch\", accepts = [\"host-signs\", \"minus-zero\"]",
        "encoding = \"ebcdic\", sign = \"overpunch\", pad = \" \", accepts = [\"host-signs\", \"leading-zeros\"]",
        "encoding = \"ebcdic\", accepts = [\"leading-blanks\"]",
        "encoding = \"packed\"",
        "encoding = \"packed\", accepts = [\"host-signs\"]",
        "encoding = \"packed\", sign = \"signed\", accepts = [\"host-signs\", \"minus-zero\"]",
        "encoding = \"packed\", sign = \"signed\", digits_max = 1, accepts = [\"host-signs\"]",
        "encoding = \"bcd\"",
        "encoding = \"binary\"",
        "encoding = \"binary-little\", sign = \"signed\"",
        "point = true, scale = 1",
        "point = true, scale = 1, pad = \" \", accepts = [\"leading-zeros\"]",
        "scale = -2",
        "none = \"spaces\"",
        "none = [\"spaces\", \"zeros\", \"low-values\"]",
        "encoding = \"packed\", none = [\"zeros\", \"low-values\", \"ebcdic-spaces\"], accepts = [\"host-signs\"]",
    ];
    let form = one_of(&forms, random);
    format!("kind = \"number\"{}{form}", if form.is_empty() { "" } else { ", " })
}

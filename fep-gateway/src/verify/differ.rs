//! The fields in which two telegrams of one layout differ, by paths without indexes.

use fep_codec::diff::{Side, diff};
use fep_codec::layout::Layout;

/// A field that differs, as it is shown. Secrets are hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Differing {
    /// The path without indexes: `items.amount`. For bytes without a name, where they are: `bytes 211..300`.
    pub(super) path: String,
    /// The name on the sheet. Empty if there is none.
    pub(super) label: String,
    /// The value on the old side.
    pub(super) old: String,
    /// The value on the new side.
    pub(super) new: String,
}

/// The fields in which the telegrams differ, each path once.
pub(super) fn differing(layout: &Layout, old: &[u8], new: &[u8]) -> Vec<Differing> {
    if old == new {
        return Vec::new();
    }
    let mut found: Vec<Differing> = Vec::new();
    for one in diff(layout, old, new).differences {
        let range = one.a.as_ref().or(one.b.as_ref()).map(|side| side.range.clone()).unwrap_or_default();
        let path = if one.path.is_empty() {
            format!("bytes {}..{}", range.start, range.end)
        } else {
            without_indexes(&one.path)
        };
        if found.iter().any(|known| known.path == path) {
            continue;
        }
        // Other bytes can be the same value: other blanks, other zeros.
        let same =
            matches!((&one.a, &one.b), (Some(Side { value: Ok(a), .. }), Some(Side { value: Ok(b), .. })) if a == b);
        let show = |side: Option<&Side>| shown(side, same);
        found.push(Differing { path, label: one.label, old: show(one.a.as_ref()), new: show(one.b.as_ref()) });
    }
    found
}

/// `items[3].amount` → `items.amount`
pub(super) fn without_indexes(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut is_index = false;
    for character in path.chars() {
        match character {
            '[' => is_index = true,
            ']' => is_index = false,
            _ if is_index => {}
            _ => plain.push(character),
        }
    }
    plain
}

/// The value of one side, or its bytes if both values are the same.
fn shown(side: Option<&Side>, as_bytes: bool) -> String {
    let Some(side) = side else { return "absent".to_owned() };
    match (&side.value, &side.bytes) {
        (_, Some(bytes)) if as_bytes => match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().all(|character| character == ' ' || character.is_ascii_graphic()) => {
                format!("\"{text}\"")
            }
            _ => format!("hex {}", crate::hex::hex(bytes)),
        },
        (Ok(value), _) if value.is_empty() => "\"\"".to_owned(),
        (Ok(value), _) => value.chars().map(|one| if one.is_control() { '.' } else { one }).collect(),
        (Err(why), _) => format!("! {why}"),
    }
}

#[cfg(test)]
mod tests {
    use fep_spec::model::Spec;

    use super::*;

    const SPEC: &str = r#"
spec = "s"
title = "t"
version = "1"
source = "t"
charset = "ascii"

[telegrams.Pair]
len = 14
items = [
  { name = "code", len = 2, kind = "text", label = "코드" },
  { name = "pin", len = 4, kind = "digits", secret = true },
  { name = "amount", len = 6, kind = "number" },
  { filler = 2 },
]
"#;

    #[test]
    fn values_bytes_and_secrets() {
        let spec = Spec::parse("s.toml", SPEC).unwrap();
        let layout = &spec.telegrams[0].layout;
        let found = differing(layout, b"AB1234000042  ", b"AC9999000043 x");
        let text: Vec<String> =
            found.iter().map(|one| format!("{}|{}|{}|{}", one.path, one.label, one.old, one.new)).collect();
        assert_eq!(text[0], "code|코드|AB|AC");
        assert_eq!(text[1], "pin||<secret>|<secret>");
        assert_eq!(text[2], "amount||42|43");
        assert!(text[3].starts_with("bytes 12..14||filler|! a reserved byte is not blank"), "{}", text[3]);
        assert_eq!(differing(layout, b"AB1234000042  ", b"AB1234000042  "), []);
    }

    #[test]
    fn the_same_value_in_other_bytes_is_shown_as_bytes() {
        assert_eq!(
            shown(Some(&Side { range: 0..2, bytes: Some(b"4 ".to_vec()), value: Ok("4".into()) }), true),
            "\"4 \""
        );
        let side = Side { range: 0..2, bytes: Some(vec![0xb0, 0xa1]), value: Ok("가".into()) };
        assert_eq!(shown(Some(&side), true), "hex b0a1");
        assert_eq!(shown(None, true), "absent");
    }

    #[test]
    fn indexes_do_not_count() {
        assert_eq!(without_indexes("items[3].amounts[12]"), "items.amounts");
        assert_eq!(without_indexes("header.no"), "header.no");
    }
}

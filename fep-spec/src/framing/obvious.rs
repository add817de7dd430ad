//! The framing that a spec makes obvious: all its telegrams have their computed length at one place, in one form.

use fep_codec::layout::{Computed, Encoding, Field, Item, Kind, Layout, LengthScope};

use super::fits::on_lines;
use crate::model::Spec;

impl super::Framing {
    /// The words for [`Framing::of_words`](super::Framing::of_words), if the telegrams of the spec state their own length: `ascii4`,
    /// `binary2,counts=all`. `None` if nothing in them says how a line encloses them.
    #[must_use]
    pub fn words_of_spec(spec: &Spec) -> Option<String> {
        let mut all = on_lines(spec).map(words);
        let first = all.next()??;
        all.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }
}

fn words(layout: &Layout) -> Option<String> {
    let (start, field, counts) = length_field(layout.items(), 0)?;
    let Kind::Number(rule) = &field.kind else { return None };
    let form = match rule.encoding {
        Encoding::Ascii => format!("ascii{}", field.len),
        Encoding::Ebcdic => format!("ebcdic{}", field.len),
        Encoding::Bcd => format!("bcd{}", field.len.checked_mul(2)?),
        Encoding::Binary => format!("binary{}", field.len),
        Encoding::BinaryLittle => format!("little{}", field.len),
        Encoding::Packed => return None,
    };
    let counts = if counts == LengthScope::All { ",counts=all" } else { "" };
    let at = if start == 0 { String::new() } else { format!(",length_at={start}") };
    Some(format!("{form}{counts}{at}"))
}

/// The first field at a fixed place that has the length of the whole telegram, and its offset.
fn length_field(items: &[Item], start: usize) -> Option<(usize, &Field, LengthScope)> {
    let mut start = start;
    for item in items {
        let found = match item {
            Item::Field(field) => match field.computed {
                Some(Computed::Length(counts)) => Some((start, field, counts)),
                _ => None,
            },
            Item::Part(part) => length_field(part.layout.items(), start),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        start = start.checked_add(item.fixed_len()?)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::Spec;
    use crate::framing::Framing;

    fn words(header: &str) -> Option<String> {
        let body = "{ name = \"code\", kind = \"digits\", len = 1 }, { name = \"x\", kind = \"text\", len = 2 }";
        let telegram = |name: &str, code: u8| {
            format!("[telegrams.{name}]\nwhen = {{ code = \"{code}\" }}\nitems = [ {header} {body} ]\n")
        };
        let text = format!(
            "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"here\"\ncharset = \"ascii\"\n{}{}",
            telegram("Ask", 1),
            telegram("Tell", 2)
        );
        let spec = Spec::parse("a.toml", &text).unwrap_or_else(|report| panic!("{report}"));
        let words = Framing::words_of_spec(&spec)?;
        Framing::of_words(&words, &spec, 9999).unwrap_or_else(|error| panic!("{words}: {error}"));
        Some(words)
    }

    #[test]
    fn a_computed_length_says_how_telegrams_are_framed() {
        let check = |header: &str, expected: Option<&str>| assert_eq!(words(header).as_deref(), expected, "{header}");
        check(
            "{ name = \"len\", kind = \"number\", len = 4, computed = \"length\", counts = \"rest\" },",
            Some("ascii4"),
        );
        check(
            "{ name = \"id\", kind = \"text\", len = 2 }, \
             { name = \"len\", kind = \"number\", encoding = \"binary\", len = 2, computed = \"length\", counts = \"all\" },",
            Some("binary2,counts=all,length_at=2"),
        );
        check("{ name = \"len\", kind = \"number\", len = 4 },", None);
        check("", None);
    }
}

//! Specs that a person edits: lines that come, go or move, and words and numbers that change. An edited spec often is one still, so that
//! everything that is made of specs sees forms that nobody wrote.

use std::path::Path;
use std::sync::LazyLock;

use fep_spec::canonical;
use fep_spec::diff::Diff;
use fep_spec::fix;
use fep_spec::generate::rust;
use fep_spec::listing::Listing;
use fep_spec::model::Spec;
use fep_spec::pages::{Lang, Page, html, markdown};
use fep_spec::samples::{Options, Samples};

/// The specs that are edited: their texts, and what they are.
static SPECS: LazyLock<Vec<(String, Spec)>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = ["host-b", "quote-c", "nts-vat", "kftc-cms", "van-d"].map(|name| format!("../specs/{name}/{name}.toml"));
    let forms = ["forms", "arrays", "flat", "names", "blanks"].map(|name| format!("tests/generated/{name}.toml"));
    let files = own.into_iter().chain(forms);
    let read = |file: String| {
        let text = std::fs::read_to_string(folder.join(file)).expect("a spec");
        let spec = Spec::parse("edited.toml", &text).expect("a sound spec");
        (text, spec)
    };
    files.map(read).collect()
});

/// Words that take the place of others.
const WORDS: [&str; 20] = [
    "text",
    "digits",
    "number",
    "date",
    "time",
    "datetime",
    "code",
    "flag",
    "bytes",
    "len",
    "max",
    "count",
    "padded = true",
    "tail = true",
    "full = true",
    "encoding = \"bcd\"",
    "scale = 2",
    "none = \"zeros\"",
    "euc-kr",
    "ibm933",
];

/// Edits a spec. The first byte selects it; each further four bytes are an edit.
pub fn edited(bytes: &[u8]) {
    let Some((which, edits)) = bytes.split_first() else { return };
    let Some((text, old)) = SPECS.get(usize::from(*which) % SPECS.len()) else { return };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for edit in edits.as_chunks::<4>().0.iter().take(EDITS_MAX) {
        apply(&mut lines, *edit);
    }
    let text = lines.join("\n");
    let checked = Spec::check("edited.toml", &text);
    let _ = (checked.report.render(true), checked.report.to_json(), checked.report.to_string());
    let mended = fix::mend("edited.toml", &text).text;
    assert_eq!(fix::mend("edited.toml", &mended).text, mended);
    let Some(new) = checked.spec else { return };
    let formatted = canonical::format("edited.toml", &text).expect("a spec is TOML");
    let again = Spec::parse("edited.toml", &formatted).expect("the canonical form is a spec");
    assert!(Diff::of(&new, &again).is_empty(), "the canonical form is another spec");
    compare(old, &new);
    make(&new);
}

const EDITS_MAX: usize = 8;

/// Compares two versions in both directions.
fn compare(old: &Spec, new: &Spec) {
    let there = Diff::of(old, new);
    let back = Diff::of(new, old);
    assert_eq!(there.is_empty(), back.is_empty(), "{there}\n{back}");
    for diff in [there, back] {
        let _ = (diff.to_json(), diff.to_html(), diff.to_string());
    }
    assert!(Diff::of(new, new).is_empty());
}

/// Makes everything of a spec that can be made.
fn make(spec: &Spec) {
    rust(spec, "edited.toml").expect("a clean spec becomes Rust");
    let page = Page::of(spec);
    let _ = (markdown::page(&page, Lang::Ko), html::page(&page, Lang::En));
    let _ = Listing::of(spec).to_json();
    for telegram in &spec.telegrams {
        let _ = Samples::of(spec, telegram, Options::default());
    }
}

/// Applies an edit: two bytes are the line, the third one is what happens, the fourth one is with what.
fn apply(lines: &mut Vec<String>, [high, low, what, with]: [u8; 4]) {
    let count = lines.len().max(1);
    let at = usize::from(u16::from_be_bytes([high, low])) % count;
    let other = (at + usize::from(with)) % count;
    match what % 8 {
        0 if at < lines.len() => {
            lines.remove(at);
        }
        1 => {
            let line = lines.get(other).cloned().unwrap_or_default();
            lines.insert(at, line);
        }
        2 if at < lines.len() && other < lines.len() => lines.swap(at, other),
        3 | 4 => replace(
            lines.get_mut(at),
            what,
            |piece| piece.chars().all(|digit| digit.is_ascii_digit()),
            &with.to_string(),
        ),
        5 | 6 => {
            let word = WORDS.get(usize::from(with) % WORDS.len()).copied().unwrap_or_default();
            replace(lines.get_mut(at), what, |piece| piece.chars().all(char::is_alphabetic), word);
        }
        _ => {
            let word = WORDS.get(usize::from(with) % WORDS.len()).copied().unwrap_or_default();
            if let Some(line) = lines.get_mut(at) {
                *line = line.replacen(" }", &format!(", {word} }}"), 1);
            }
        }
    }
}

/// Puts a word in the place of one of the pieces of a line that are like this.
fn replace(line: Option<&mut String>, which: u8, is_like: impl Fn(&str) -> bool, word: &str) {
    let Some(line) = line else { return };
    let pieces: Vec<&str> = line.split_inclusive([' ', '"', ',', '=']).collect();
    let bare = |piece: &str| piece.trim_end_matches([' ', '"', ',', '=']).to_owned();
    let like: Vec<usize> = (0..pieces.len())
        .filter(|at| pieces.get(*at).map(|piece| bare(piece)).is_some_and(|piece| !piece.is_empty() && is_like(&piece)))
        .collect();
    let Some(chosen) = like.get(usize::from(which >> 3) % like.len().max(1)) else { return };
    let changed = pieces.iter().enumerate().map(|(at, piece)| match at == *chosen {
        true => piece.replacen(&bare(piece), word, 1),
        false => (*piece).to_owned(),
    });
    *line = changed.collect();
}

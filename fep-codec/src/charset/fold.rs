//! Similar characters that are sent in place of each other. Folding is an option and off by default, because it changes the text.
//!
//! The tables of IBM and Microsoft disagree about these characters. For IBM-933 the first choice is the one that ICU calls the
//! fallback. Kanji are never folded: a variant in a name is another name.

/// Each character with its substitutes. The first substitute that the charset has is written.
const ALIKE: [(char, &[char]); 22] = [
    ('\u{B7}', &['\u{30FB}', '\u{22C5}']),
    ('\u{30FB}', &['\u{B7}']),
    ('\u{2022}', &['\u{B7}', '\u{30FB}']),
    ('\u{318D}', &['\u{B7}', '\u{30FB}']),
    ('\u{2013}', &['\u{2015}', '\u{2014}']),
    ('\u{2014}', &['\u{2015}']),
    ('\u{2015}', &['\u{2014}']),
    ('\u{223C}', &['\u{301C}', '\u{FF5E}']),
    ('\u{301C}', &['\u{FF5E}', '\u{223C}']),
    ('\u{FF5E}', &['\u{2DC}', '\u{301C}', '\u{223C}']),
    ('\u{2225}', &['\u{2016}']),
    ('\u{2016}', &['\u{2225}']),
    ('\u{AD}', &['\u{2010}']),
    ('\u{2010}', &['\u{AD}']),
    ('\u{2212}', &['\u{FF0D}']),
    ('\u{FF0D}', &['\u{2212}']),
    ('\u{2299}', &['\u{25C9}']),
    ('\u{FFE4}', &['\u{A6}']),
    ('\u{FFE0}', &['\u{A2}']),
    ('\u{FFE1}', &['\u{A3}']),
    ('\u{FFE2}', &['\u{AC}']),
    ('\u{FFE6}', &['\u{20A9}']),
];

/// The result of `found` for the first substitute that it accepts.
pub(super) fn fold<R>(character: char, found: impl Fn(char) -> Option<R>) -> Option<R> {
    let (_, others) = ALIKE.iter().find(|(alike, _)| *alike == character)?;
    others.iter().find_map(|other| found(*other))
}

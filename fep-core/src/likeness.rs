//! "Did you mean": finds the known word that is nearest to a mistyped word.

use alloc::string::String;
use alloc::vec::Vec;

/// The longest word that is compared, in characters. The limit bounds the work for garbage input.
const WORD_MAX_CHARS: usize = 64;

/// The shortest word that counts as the beginning of another word, in characters.
const BEGINNING_MIN_CHARS: usize = 3;

/// The known word that `given` was probably meant to be, or `None` if no word is near enough.
///
/// Case is ignored. A word is near if at most a third of the longer word's characters (rounded up) must be typed, deleted, replaced
/// or swapped with their neighbour, but not all of them. A word is also near if one of both begins with the other: `length` with `len`. If two words are
/// equally near, the first one is returned.
///
/// ```
/// use fep_core::likeness::nearest;
///
/// assert_eq!(nearest("lable", ["len", "label"]), Some("label"));
/// assert_eq!(nearest("amount", ["len", "label"]), None);
/// ```
#[must_use]
pub fn nearest<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let given = folded(given);
    let near = known.into_iter().filter_map(|word| {
        let other = folded(word);
        let longer = given.len().max(other.len());
        let edits = edits(&given, &other);
        let begins = given.len().min(other.len()) >= BEGINNING_MIN_CHARS
            && given.iter().zip(&other).all(|(character, other)| character == other);
        (longer <= WORD_MAX_CHARS && (begins || edits <= longer.div_ceil(3) && (edits < longer || edits == 0)))
            .then_some((edits, word))
    });
    near.min_by_key(|(edits, _)| *edits).map(|(_, word)| word)
}

/// The known word that `given` is with one slip of a finger, or `None` if there is no such word, or more than one.
///
/// A slip is a character that was typed, deleted, replaced or swapped with its neighbour. Case is ignored. A word of one or two characters
/// is too short to tell.
///
/// ```
/// use fep_core::likeness::slipped;
///
/// assert_eq!(slipped("lable", ["len", "label"]), Some("label"));
/// assert_eq!(slipped("length", ["len", "label"]), None);
/// assert_eq!(slipped("form", ["from", "for"]), None);
/// ```
#[must_use]
pub fn slipped<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let given = folded(given);
    if given.len() < BEGINNING_MIN_CHARS || given.len() > WORD_MAX_CHARS {
        return None;
    }
    let mut near = known.into_iter().filter(|word| edits(&given, &folded(word)) <= 1);
    let word = near.next()?;
    near.all(|other| other == word).then_some(word)
}

fn folded(word: &str) -> Vec<char> {
    word.chars().take(WORD_MAX_CHARS + 1).flat_map(char::to_lowercase).collect()
}

/// The number of characters to type, delete, replace or swap with their neighbour (optimal string alignment).
fn edits(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut left_of_from = None;
    for (row, character) in from.iter().enumerate() {
        let mut current = Vec::with_capacity(last.len());
        current.push(row + 1);
        for (column, other) in to.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX);
            let typed = at(&current, column) + 1;
            let deleted = at(&last, column + 1) + 1;
            let replaced = at(&last, column) + usize::from(character != other);
            let mut fewest = typed.min(deleted).min(replaced);
            if let Some(left) = column.checked_sub(1)
                && to.get(left) == Some(character)
                && left_of_from == Some(other)
            {
                fewest = fewest.min(at(&before, left) + 1);
            }
            current.push(fewest);
        }
        before = last;
        last = current;
        left_of_from = Some(character);
    }
    last.last().copied().unwrap_or_default()
}

/// Lists the words in backticks: `` `a`, `b`, `c` ``.
#[must_use]
pub fn listed<'k>(words: impl IntoIterator<Item = &'k str>) -> String {
    let mut list = String::new();
    for word in words {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push('`');
        list.push_str(word);
        list.push('`');
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(from: &str, to: &str) -> usize {
        edits(&folded(from), &folded(to))
    }

    #[test]
    fn each_slip_of_a_finger_counts_once() {
        for (from, to, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("label", "label", 0),
            ("label", "lable", 1),
            ("label", "labels", 1),
            ("label", "abel", 1),
            ("label", "lapel", 1),
            ("kitten", "sitting", 3),
            ("amount", "amuont", 1),
            // A swapped pair is not edited again, so this takes three edits and not two.
            ("ca", "abc", 3),
            ("금액", "금약", 1),
        ] {
            assert_eq!(distance(from, to), count, "{from} {to}");
            assert_eq!(distance(to, from), count, "{to} {from}");
        }
    }

    #[test]
    fn only_a_near_word_is_suggested() {
        let keys = ["len", "label", "name", "justify", "digits_max"];
        assert_eq!(nearest("LABLE", keys), Some("label"));
        assert_eq!(nearest("digit_max", keys), Some("digits_max"));
        assert_eq!(nearest("justfy", keys), Some("justify"));
        assert_eq!(nearest("lne", keys), Some("len"));
        assert_eq!(nearest("length", keys), Some("len"));
        assert_eq!(nearest("digits", keys), Some("digits_max"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("x", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest(&"label".repeat(100), keys), None);
    }

    #[test]
    fn of_two_near_words_the_nearer_is_suggested_and_then_the_first() {
        assert_eq!(nearest("bate", ["date", "bytes"]), Some("date"));
        assert_eq!(nearest("cat", ["bat", "rat"]), Some("bat"));
    }
}

//! REPLACING of COPY, and the statement REPLACE: which words become which.

use super::CopybookError;
use super::token::Token;

/// The most words of a copybook, with everything that it copies.
pub(super) const TOKENS_MAX: usize = 1 << 20;

/// The most replacements that are in force at once. Each word is compared with all of them.
const PAIRS_MAX: usize = 256;

/// The longest word that a replacement makes, in bytes.
const WORD_MAX: usize = 4096;

/// What REPLACING replaces.
#[derive(Clone, Debug)]
pub(super) struct Replacement {
    /// Whole words, or the start or the end of a word.
    place: Place,
    from: Vec<Token>,
    to: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Whole,
    Leading,
    Trailing,
}

/// The pairs of `==A== BY ==B==`, of words, and of `LEADING ==A== BY ==B==`, with the tokens that follow.
pub(super) fn replacements(mut rest: &[Token]) -> (Vec<Replacement>, &[Token]) {
    let mut found = Vec::new();
    loop {
        let place = match rest.first() {
            Some(first) if first.is("LEADING") => Place::Leading,
            Some(first) if first.is("TRAILING") => Place::Trailing,
            _ => Place::Whole,
        };
        let (from, behind) = operand(rest.get(usize::from(place != Place::Whole)..).unwrap_or_default());
        let Some((by, behind)) = behind.split_first() else { break };
        if from.is_empty() || !by.is("BY") {
            break;
        }
        let (to, behind) = operand(behind);
        found.push(Replacement { place, from: pseudo(from), to: pseudo(to) });
        rest = behind;
    }
    (found, rest)
}

/// Pseudo-text with its marks, or a word with the groups that qualify it, and the tokens that follow.
fn operand(tokens: &[Token]) -> (&[Token], &[Token]) {
    let mark = |token: &Token| token.text == "==";
    let len = match tokens.first() {
        Some(first) if mark(first) => tokens.iter().skip(1).position(mark).map_or(tokens.len(), |at| at + 2),
        Some(first) if first.is_end() => 0,
        Some(_) => {
            let qualified = tokens.get(1..).unwrap_or_default().chunks(2);
            1 + 2 * qualified
                .take_while(|pair| pair.len() == 2 && pair.iter().take(1).any(|word| word.is("OF") || word.is("IN")))
                .count()
        }
        None => 0,
    };
    tokens.split_at(len)
}

/// Tokens without the marks of pseudo-text.
fn pseudo(tokens: &[Token]) -> Vec<Token> {
    tokens.iter().filter(|token| token.text != "==").cloned().collect()
}

/// Carries out the statements REPLACE, and takes them out.
///
/// # Errors
/// If more words or longer ones arise than a copybook may have, or too many replacements are in force at once.
pub(super) fn by_statements(tokens: Vec<Token>) -> Result<Vec<Token>, CopybookError> {
    let mut out = Vec::new();
    let mut segment = Vec::new();
    // The newest pairs stand last.
    let mut active: Vec<Vec<Replacement>> = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        let is_start = segment.last().or(out.last()).is_none_or(Token::is_end);
        if !token.is("REPLACE") || !is_start {
            segment.push(token.clone());
            rest = behind;
            continue;
        }
        replace(std::mem::take(&mut segment), &active, &mut out)?;
        let says = |word: &str| behind.first().is_some_and(|first| first.is(word));
        let is_word = says("ALSO") || says("LAST") || says("OFF");
        let (pairs, after) = replacements(behind.get(usize::from(is_word)..).unwrap_or_default());
        match () {
            () if says("LAST") => drop(active.pop()),
            () if says("OFF") => active.clear(),
            () if says("ALSO") => active.push(pairs),
            () => active = vec![pairs],
        }
        let end = after.iter().position(Token::is_end).map_or(after.len(), |end| end + 1);
        rest = after.get(end..).unwrap_or_default();
    }
    replace(segment, &active, &mut out)?;
    Ok(out)
}

/// Replaces sequences of tokens, starts and ends of words, and parts of words between `:` or `(` `)` as `:TAG:`, and adds the result. Of `active`,
/// the last pairs go first.
///
/// # Errors
/// As [`by_statements`].
pub(super) fn replace(
    tokens: Vec<Token>,
    active: &[Vec<Replacement>],
    out: &mut Vec<Token>,
) -> Result<(), CopybookError> {
    let pairs: Vec<&Replacement> = active.iter().rev().flatten().collect();
    if pairs.len() > PAIRS_MAX {
        return Err(CopybookError::TooManyReplacements(PAIRS_MAX));
    }
    let mut rest = tokens.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        if out.len() > TOKENS_MAX {
            return Err(CopybookError::TooMany(TOKENS_MAX));
        }
        let matches = |pair: &&&Replacement| {
            pair.place == Place::Whole
                && !pair.from.is_empty()
                && pair.from.len() <= rest.len()
                && pair.from.iter().zip(rest).all(|(one, other)| one.text.eq_ignore_ascii_case(&other.text))
        };
        if let Some(pair) = pairs.iter().find(matches) {
            out.extend(pair.to.iter().map(|new| Token { line: token.line, ..new.clone() }));
            rest = rest.get(pair.from.len()..).unwrap_or_default();
            continue;
        }
        let text = pairs.iter().try_fold(token.text.clone(), |word, pair| within(word, pair))?;
        out.push(Token { line: token.line, text });
        rest = behind;
    }
    if out.len() > TOKENS_MAX { Err(CopybookError::TooMany(TOKENS_MAX)) } else { Ok(()) }
}

/// A word in which a part is replaced. It stays a word: its length has a limit.
fn within(word: String, pair: &Replacement) -> Result<String, CopybookError> {
    let [part] = pair.from.as_slice() else { return Ok(word) };
    let part = part.text.as_str();
    let new = pair.to.iter().map(|one| one.text.as_str()).collect::<String>();
    let is_same = |text: Option<&str>| text.is_some_and(|text| text.eq_ignore_ascii_case(part));
    let made = match pair.place {
        Place::Leading if is_same(word.get(..part.len())) => {
            format!("{new}{}", word.get(part.len()..).unwrap_or_default())
        }
        Place::Trailing if is_same(word.len().checked_sub(part.len()).and_then(|at| word.get(at..))) => {
            format!("{}{new}", word.get(..word.len() - part.len()).unwrap_or_default())
        }
        Place::Whole if part.starts_with([':', '(', '\'']) => in_any_case(&word, part, &new),
        _ => return Ok(word),
    };
    // A literal of the source may be longer.
    let is_word = made.len() <= WORD_MAX || made.len() <= word.len();
    if is_word { Ok(made) } else { Err(CopybookError::TooLongWord(WORD_MAX)) }
}

/// A word with each place of a part replaced, in capitals or not.
fn in_any_case(word: &str, part: &str, new: &str) -> String {
    let mut made = String::new();
    let mut at = 0;
    while let Some(next) = word.get(at..).and_then(|rest| rest.chars().next()) {
        if made.len() <= WORD_MAX && word.get(at..at + part.len()).is_some_and(|own| own.eq_ignore_ascii_case(part)) {
            made.push_str(new);
            at += part.len();
        } else {
            made.push(next);
            at += next.len_utf8();
        }
    }
    made
}

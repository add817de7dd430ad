//! Statements that direct a compiler and describe no data: what of them is left out.

use super::token::Token;

/// How many tokens a statement has that describes no data. `is_start`: it begins an entry. `may_end`: there is an END-EXEC further on.
///
/// EJECT and SKIP1 to SKIP3 move the listing and may stand within an entry. TITLE heads it. EXEC SQL … END-EXEC is for a precompiler:
/// DECLARE TABLE repeats what the entries behind it say.
pub(super) fn directive(tokens: &[Token], is_start: bool, may_end: bool) -> Option<usize> {
    let first = tokens.first()?;
    let says = |words: &[&str]| words.iter().any(|word| first.is(word));
    let is_end = |at: usize| usize::from(tokens.get(at).is_some_and(Token::is_end));
    if says(&["EJECT", "SKIP1", "SKIP2", "SKIP3"]) {
        return Some(1 + if is_start { is_end(1) } else { 0 });
    }
    if !is_start {
        return None;
    }
    if says(&["TITLE"]) && tokens.get(1)?.text.starts_with(['\'', '"']) {
        return Some(2 + is_end(2));
    }
    if says(&["EXEC"]) && may_end {
        let end = tokens.iter().position(|token| token.is("END-EXEC"))?;
        return Some(end + 1 + is_end(end + 1));
    }
    None
}

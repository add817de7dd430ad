//! What remarks say: constants, lists of codes, repetitions, dates, charsets.

use crate::import::plain::{line, plain, word};

/// A code and its meaning.
pub(super) type CodeText = (String, String);

/// The fixed value of an item of `len` bytes: `"H" 고정`, `'S'`, `= "01"`.
pub(super) fn constant(text: &str, len: usize) -> Option<String> {
    let text = plain(text);
    let quote = text.find(['"', '\''])?;
    let mark = text.get(quote..)?.chars().next()?;
    let inner = text.get(quote + 1..)?;
    let (value, behind) = inner.split_once(mark)?;
    let before = text.get(..quote)?;
    let around = word(&format!("{before} {behind}"));
    let is_alone = around.chars().all(|character| "=:.()[]*".contains(character));
    let is_fixed = ["고정", "상수", "fix", "const", "항상", "固定"].iter().any(|sign| around.contains(sign));
    // `해지시 '1' 입력` says what is written then, not what always is.
    let is_written = ["기재", "입력", "세팅", "셋팅"].iter().any(|sign| around.contains(sign));
    let is_fixed = is_fixed || (is_written && !is_condition(&word(before)));
    let is_ascii = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    // Another quoted value makes a list of both.
    let is_one = !behind.contains(['"', '\'']);
    ((is_alone || is_fixed) && is_one && is_ascii && !value.is_empty() && value.len() == len).then(|| value.to_owned())
}

/// Whether a text ends as the first half of a sentence does that says when something holds: `해지시`, `모를 경우`, `없으면`.
fn is_condition(text: &str) -> bool {
    let text = text.trim_end_matches([',', ':', '에', '는', '(']);
    ["시", "경우", "때", "면"].iter().any(|ending| text.ends_with(ending))
}

/// The constant that is given by its bytes: `0x02`, `X'1C'`. As hex digits.
pub(super) fn constant_bytes(text: &str, len: usize) -> Option<String> {
    let text = plain(text).to_lowercase();
    // `0x20으로 채움` says how the item is padded.
    if ["채움", "채운", "pad", "fill"].iter().any(|sign| text.contains(sign)) {
        return None;
    }
    let text = text.replace("x'", "0x").replace('\'', " ");
    let mut found = text.split("0x").skip(1);
    let digits: String = found.next()?.chars().take_while(char::is_ascii_hexdigit).collect();
    (found.next().is_none() && text.starts_with("0x") && digits.len() == len * 2).then(|| digits.to_uppercase())
}

/// A constant that only a word calls fixed: `H 고정`, `고정값: H`.
pub(super) fn fixed(text: &str, len: usize) -> Option<String> {
    let text = plain(text);
    let is_value = |piece: &&str| {
        piece.len() == len && piece.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    let says = |piece: &str| {
        let piece = piece.to_lowercase();
        matches!(piece.as_str(), "고정" | "고정값" | "상수" | "fixed" | "constant" | "const" | "固定" | "value" | "값")
    };
    let pieces = text.split(|split: char| split.is_whitespace() || ":=()[],".contains(split));
    let pieces: Vec<&str> = pieces.filter(|piece| !piece.is_empty()).collect();
    let values: Vec<&str> = pieces.iter().filter(|piece| !says(piece)).copied().collect();
    match values.as_slice() {
        [value] if pieces.len() > 1 && is_value(value) => Some((*value).to_owned()),
        _ => None,
    }
}

/// The codes of a list, for a field of `len` bytes: `1:정상, 2:불능`, `01 : 일반 / 02 : 특별`, `"Y"-정상,"N"-불능`, `0000 ok, 0003 fault`.
pub(super) fn codes(text: &str, len: usize) -> Vec<CodeText> {
    let text = if len == 1 { uncircled(&plain(text)) } else { plain(text) };
    let marked = marked(&text, len);
    let mut codes = if marked.len() >= 2 { marked } else { listed(&text, len) };
    if codes.len() < 2 {
        codes = dotted(&text, len);
    }
    if codes.iter().any(|(code, _)| code.len() != len && !code.is_empty())
        && codes.iter().any(|(code, _)| code.len() == len)
    {
        // `1` beside `01` is no code but part of a text.
        codes.retain(|(code, _)| code.len() == len);
    }
    let mut seen = Vec::new();
    codes.retain(|(code, _)| {
        !seen.contains(code) && {
            seen.push(code.clone());
            true
        }
    });
    if codes.len() >= 2 { codes } else { Vec::new() }
}

/// Codes that have a `:`, a `=` or a `-` behind them. Other text may stand between them.
fn marked(text: &str, len: usize) -> Vec<CodeText> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let begins =
            text.get(..at).and_then(|before| before.chars().next_back()).is_none_or(|before| !before.is_alphanumeric());
        match code_at(rest, len).filter(|_| begins) {
            Some((code, used)) => {
                starts.push((at, at + used, code));
                at += used;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    let ends = starts.iter().skip(1).map(|(start, ..)| *start).chain([text.len()]);
    // A meaning ends with its line.
    let label = |from: usize, to: usize| {
        meaning(text.get(from..to).unwrap_or_default().trim_start().lines().next().unwrap_or_default())
    };
    let mut codes: Vec<CodeText> =
        starts.iter().zip(ends).map(|((_, from, code), to)| (code.clone(), label(*from, to))).collect();
    // A line with nothing but a code belongs to the list, too.
    for only in text.lines().map(str::trim).filter(|line| line.len() == len && is_code(line, len)) {
        if codes.len() >= 2 && codes.iter().all(|(code, _)| code != only) {
            codes.push((only.to_owned(), String::new()));
        }
    }
    codes.sort_by_key(|(code, _)| text.find(code.as_str()).unwrap_or_default());
    codes
}

/// A code at the start of a text, with its mark: how many bytes both have.
fn code_at(text: &str, len: usize) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|first| "\"'".contains(*first));
    let inner = text.get(quote.map_or(0, char::len_utf8)..)?;
    let size = inner.bytes().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let code = inner.get(..size).filter(|code| is_code(code, len))?;
    let mut rest = inner.get(size..)?;
    if let Some(quote) = quote {
        rest = rest.strip_prefix(quote)?;
    }
    let behind = rest.trim_start_matches(' ');
    let mark = behind.chars().next().filter(|mark| {
        ":=".contains(*mark) || (*mark == '-' && (quote.is_some() || !rest.starts_with('-') || code.len() == len))
    })?;
    let behind = behind.get(mark.len_utf8()..)?;
    // `1-1` is a number, `09:00` a time.
    (!behind.starts_with(|next: char| next.is_ascii_digit())).then(|| (code.to_owned(), text.len() - behind.len()))
}

/// Codes and meanings with a blank between them, in a list: `0000 ok, 0003 fault`.
fn listed(text: &str, len: usize) -> Vec<CodeText> {
    let pieces = text.split(['\n', ',', ';', '/']).map(str::trim).filter(|piece| !piece.is_empty());
    let pair = |piece: &str| {
        let (code, label) = piece.split_once([' ', '.', '(']).unwrap_or((piece, ""));
        let code = code.trim_matches(|quote| "\"'".contains(quote));
        (code.len() == len && is_code(code, len)).then(|| (code.to_owned(), meaning(label)))
    };
    let pieces: Vec<&str> = pieces.collect();
    let codes: Vec<CodeText> = pieces.iter().filter_map(|piece| pair(piece)).collect();
    // `0600/0610`: nothing but codes.
    if codes.len() == pieces.len() && codes.iter().all(|(code, label)| label.is_empty() && code.len() == len) {
        return codes;
    }
    if codes.iter().filter(|(_, label)| !label.is_empty()).count() * 2 > codes.len() { codes } else { Vec::new() }
}

/// `①정상 ②오류` as `1:정상 2:오류`.
fn uncircled(text: &str) -> String {
    let number = |character: char| match character {
        '①'..='⑨' => char::from_digit(u32::from(character) - u32::from('①') + 1, 10),
        _ => None,
    };
    if text.chars().filter(|character| number(*character).is_some()).count() < 2 {
        return text.to_owned();
    }
    text.chars()
        .map(|character| number(character).map_or(character.to_string(), |digit| format!(" {digit}:")))
        .collect()
}

/// Codes with a point or their meaning in brackets: `0.송금인 1.수취인`, `1(개인) 2(법인)`. Nothing else may stand beside them.
fn dotted(text: &str, len: usize) -> Vec<CodeText> {
    let pieces =
        text.split(|split: char| split.is_whitespace() || ",;/".contains(split)).filter(|piece| !piece.is_empty());
    let pair = |piece: &str| {
        let (code, label) = piece.split_once(['.', '('])?;
        let is_word = label.starts_with(char::is_alphabetic) && label.len() > 1;
        (code.len() == len && is_code(code, len) && is_word).then(|| (code.to_owned(), meaning(label)))
    };
    pieces.map(pair).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Whether a text can be a code of a field: capitals and digits, not longer than the field.
fn is_code(text: &str, len: usize) -> bool {
    !text.is_empty()
        && text.len() <= len
        && text.len() <= 8
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn meaning(text: &str) -> String {
    line(text).trim_matches(|edge: char| " ,;/|()[]·.\"'".contains(edge)).to_owned()
}

/// How often something repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Always so often.
    Fixed(usize),
    /// As often as a field says, at most so often. The name of the field, if the text has it.
    Counted { by: Option<String>, max: Option<usize> },
}

/// What a text says about repetition.
pub(super) fn repeat(text: &str) -> Option<Repeat> {
    let text = line(text);
    let small = text.to_lowercase();
    if let Some(at) = small.find("occurs") {
        return occurs(text.get(at + "occurs".len()..)?);
    }
    let numbers = numbers(&small);
    let max = |sign: &str| {
        small.find(sign).and_then(|at| numbers.iter().find(|(start, _)| *start > at)).map(|(_, number)| *number)
    };
    let max = max("최대").or_else(|| max("max"));
    let is_counted = ["만큼", "건수", "횟수", "가변"].iter().any(|sign| small.contains(sign));
    let says_repeat = ["반복", "repeat", "loop"].iter().any(|sign| small.contains(sign));
    let is_list = says_repeat || (small.contains("만큼") && max.is_some());
    match (max, numbers.as_slice()) {
        (Some(max), _) if is_list || is_counted || small.contains("건") => {
            Some(Repeat::Counted { by: counter(&text), max: Some(max) })
        }
        _ if is_list && small.contains("만큼") => Some(Repeat::Counted { by: counter(&text), max: None }),
        (None, [(_, number)]) if says_repeat && *number > 0 && !is_event(&small) => Some(Repeat::Fixed(*number)),
        _ => None,
    }
}

/// Whether the repetition is one of events, not of items: `오류 3회 반복시 거래정지`, `반복주기 2`.
fn is_event(text: &str) -> bool {
    let text: String = text.chars().filter(|one| !one.is_whitespace()).collect();
    ["반복시", "반복하면", "반복되면", "반복될", "반복주기", "반복간격"].iter().any(|sign| text.contains(sign))
}

/// How often a group repeats by the end of its name: `종목정보[20]`, `LIST(20)`, `내역 x 20`, `목록 20회`.
pub(super) fn times(label: &str) -> Option<(String, usize)> {
    let label = line(label);
    let inner = label.trim_end_matches([']', ')', '}', '>']);
    let inner = inner.trim_end_matches("회").trim_end_matches("건").trim_end_matches("개").trim_end();
    let name = inner.trim_end_matches(|end: char| end.is_ascii_digit());
    let count = inner.get(name.len()..)?.parse().ok().filter(|count| *count > 1)?;
    let is_closed = inner.len() < label.len();
    let before = name.trim_end();
    let mark = before.chars().next_back()?;
    let name = before.get(..before.len() - mark.len_utf8())?;
    let is_times = "*×".contains(mark) || ("xX".contains(mark) && name.ends_with(' '));
    let name = name.trim_end();
    let is_mark = ("[({<".contains(mark) && is_closed) || is_times;
    (is_mark && !name.is_empty()).then(|| (name.to_owned(), count))
}

/// `0 TO 20 DEPENDING ON LOAN-COUNT`, `10 TIMES`.
fn occurs(text: &str) -> Option<Repeat> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = |wanted: &str| words.iter().position(|word| word.eq_ignore_ascii_case(wanted));
    let number =
        |index: usize| words.get(index)?.trim_matches(|edge: char| !edge.is_ascii_digit()).parse::<usize>().ok();
    let by = at("ON").and_then(|on| words.get(on + 1)).map(|name| name.trim_end_matches(['.', ',', ')']).to_owned());
    let max = at("TO").and_then(|to| number(to + 1));
    match (by, max, number(0)) {
        (by @ Some(_), max, first) => Some(Repeat::Counted { by, max: max.or(first) }),
        (None, Some(max), _) => Some(Repeat::Counted { by: None, max: Some(max) }),
        (None, None, Some(count)) => Some(Repeat::Fixed(count)),
        (None, None, None) => None,
    }
}

/// The largest number of bytes that a text names: `최대 200byte`.
pub(super) fn largest(text: &str) -> Option<usize> {
    let text = line(text).to_lowercase();
    let says = ["최대", "max", "이내", "byte", "자리"].iter().any(|sign| text.contains(sign));
    numbers(&text).iter().map(|(_, number)| *number).max().filter(|number| says && *number > 0)
}

/// The word before `만큼`: the field that counts.
fn counter(text: &str) -> Option<String> {
    let before = text.split("만큼").next().filter(|_| text.contains("만큼"))?;
    let name = before.rsplit([':', '(', '[', ',']).next()?.trim();
    let name = name.trim_end_matches(['의', '는', '은']).trim();
    (!name.is_empty() && name.chars().count() <= 40).then(|| name.to_owned())
}

fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut numbers = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(number) = rest.get(..digits).and_then(|digits| digits.parse().ok()) {
            numbers.push((at, number));
        }
        at += digits.max(rest.chars().next().map_or(1, char::len_utf8));
    }
    numbers
}

/// The date or time that a text describes: its kind and its pattern.
pub(super) fn date(text: &str) -> Option<(&'static str, &'static str)> {
    const WORDS: [(&str, &str, &str); 17] = [
        ("yyyymmddhhmmss", "datetime", "YYYYMMDDHHMMSS"),
        ("yyyymmddhhmiss", "datetime", "YYYYMMDDHHMMSS"),
        ("yymmddhhmmss", "datetime", "YYMMDDHHMMSS"),
        ("mmddhhmmss", "datetime", "MMDDHHMMSS"),
        ("yyyymmdd", "date", "YYYYMMDD"),
        ("ccyymmdd", "date", "YYYYMMDD"),
        ("년년년년월월일일", "date", "YYYYMMDD"),
        ("yyyy-mm-dd", "date", "YYYY-MM-DD"),
        ("yymmdd", "date", "YYMMDD"),
        ("년월일", "date", "YYYYMMDD"),
        ("yyyymm", "date", "YYYYMM"),
        ("hhmmss", "time", "HHMMSS"),
        ("hhmiss", "time", "HHMMSS"),
        ("시분초", "time", "HHMMSS"),
        ("mmdd", "date", "MMDD"),
        ("hhmm", "time", "HHMM"),
        ("yymm", "date", "YYMM"),
    ];
    let texts = [line(text).to_lowercase(), word(text)];
    let found = WORDS.iter().find(|(sign, ..)| texts.iter().any(|text| is_word(text, sign)));
    found.map(|(_, kind, pattern)| (*kind, *pattern))
}

/// Whether a text is nothing but a pattern of a date, so that it must fit its item.
pub(super) fn is_only_a_pattern(text: &str) -> bool {
    let text = word(text);
    date(&text).is_some() && text.chars().all(|character| "ymdhisc-/:.()년월일시분초".contains(character))
}

/// Whether the sign stands in the text, and no letter of a longer word is beside it: `EB13MMDD` is no date.
fn is_word(text: &str, sign: &str) -> bool {
    text.match_indices(sign).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + sign.len()..).and_then(|behind| behind.chars().next());
        let is_letter = |character: Option<char>| character.is_some_and(|one| one.is_ascii_alphanumeric());
        !is_letter(before) && !is_letter(behind)
    })
}

/// The charset that a text names.
pub(super) fn charset(text: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 14] = [
        ("ibm933", "ibm933"),
        ("ibm-933", "ibm933"),
        ("cp933", "ibm933"),
        ("ibm1364", "ibm1364"),
        ("ibm939", "ibm939"),
        ("ibm930", "ibm930"),
        ("cp037", "cp037"),
        ("ebcdic", "ibm933"),
        ("cp949", "cp949"),
        ("ms949", "cp949"),
        ("euc-kr", "euc-kr"),
        ("euckr", "euc-kr"),
        ("ksc5601", "euc-kr"),
        ("utf-8", "utf-8"),
    ];
    let text = word(text);
    // `0:JIS 1:EBCDIC` lets the sender choose.
    if text.contains("ebcdic") && ["jis", "ascii", "ksc", "euc"].iter().any(|other| text.contains(other)) {
        return None;
    }
    NAMES.iter().find(|(name, _)| text.contains(name)).map(|(_, charset)| *charset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_in_quotes() {
        let check = |text: &str, len: usize, expected: Option<&str>| {
            assert_eq!(constant(text, len).as_deref(), expected, "{text}");
        };
        check("“H” 고정", 1, Some("H"));
        check("'00000000' 고정값", 8, Some("00000000"));
        check("\"S\"", 1, Some("S"));
        check("= '01'", 2, Some("01"));
        check("“H” 고정", 2, None);
        check("\"Y\"-정상,\"N\"-불능", 1, None);
        check("기관이 \"A\"를 보냄", 1, None);
        check("고정", 1, None);
    }

    #[test]
    fn constants_are_given_by_bytes_or_called_fixed() {
        let check = |text: &str, len: usize, bytes: Option<&str>, word: Option<&str>| {
            assert_eq!((constant_bytes(text, len).as_deref(), fixed(text, len).as_deref()), (bytes, word), "{text}");
        };
        check("0x02", 1, Some("02"), None);
        check("0x1C Field Separator", 1, Some("1C"), None);
        check("X'0D0A'", 2, Some("0D0A"), None);
        check("0x02", 2, None, None);
        check("0x00 또는 0x01", 1, None, None);
        check("0x20으로 채움", 1, None, None);
        check("H 고정", 1, None, Some("H"));
        check("고정값: H", 1, None, Some("H"));
        check("Constant MSG00001", 8, None, Some("MSG00001"));
        check("H", 1, None, None);
        check("고정 길이 10", 2, None, None);
    }

    #[test]
    fn lists_of_codes_are_written_in_many_ways() {
        let check = |text: &str, len: usize, expected: &[(&str, &str)]| {
            let found = codes(text, len);
            let found: Vec<_> = found.iter().map(|(code, label)| (code.as_str(), label.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("1:정상, 2:불능", 1, &[("1", "정상"), ("2", "불능")]);
        check("01 : 일반 / 02 : 특별", 2, &[("01", "일반"), ("02", "특별")]);
        check("\"Y\"-정상,\"N\"-불능", 1, &[("Y", "정상"), ("N", "불능")]);
        check(
            "1 : new 3 : ended 7 : ended by institution",
            1,
            &[("1", "new"), ("3", "ended"), ("7", "ended by institution")],
        );
        check(
            "0100 : request\n0110 : answer\n0410\n0600 : inquiry",
            4,
            &[("0100", "request"), ("0110", "answer"), ("0410", ""), ("0600", "inquiry")],
        );
        check(
            "space in a request; 0000 ok, 0003 institution fault, 0199 other",
            4,
            &[("0000", "ok"), ("0003", "institution fault"), ("0199", "other")],
        );
        check("N normal, O overdue, C closed", 1, &[("N", "normal"), ("O", "overdue"), ("C", "closed")]);
        check("1=승인\n2=취소", 1, &[("1", "승인"), ("2", "취소")]);
        check("(1:개인,2:법인)", 1, &[("1", "개인"), ("2", "법인")]);
        check("0600/0610", 4, &[("0600", ""), ("0610", "")]);
        check("①정상 ②오류 ③보류", 1, &[("1", "정상"), ("2", "오류"), ("3", "보류")]);
        check("0.송금인 1.수취인", 1, &[("0", "송금인"), ("1", "수취인")]);
        check("1(개인) 2(법인)", 1, &[("1", "개인"), ("2", "법인")]);
        check("M.남 F.여", 1, &[("M", "남"), ("F", "여")]);
        check("1.5 2.0", 1, &[]);
        check("① 원단위 절사", 1, &[]);
        check("YYYYMMDD", 8, &[]);
        check("see : the telegram", 3, &[]);
        check("COMP-3 S9(7)", 4, &[]);
        check("1 on the first send, +1 on a repeat", 1, &[]);
        check("leading minus inside the width: -0000000005000", 14, &[]);
        check("09:00-17:00", 2, &[]);
    }

    #[test]
    fn repetitions_are_written_in_many_ways() {
        let counted = |by: Option<&str>, max: Option<usize>| Some(Repeat::Counted { by: by.map(str::to_owned), max });
        let check = |text: &str, expected: Option<Repeat>| assert_eq!(repeat(text), expected, "{text}");
        check("반복 5회", Some(Repeat::Fixed(5)));
        check("10회 반복", Some(Repeat::Fixed(10)));
        check("OCCURS 10", Some(Repeat::Fixed(10)));
        check("OCCURS 10 TIMES", Some(Repeat::Fixed(10)));
        check("OCCURS 0 TO 20 DEPENDING ON LOAN-COUNT", counted(Some("LOAN-COUNT"), Some(20)));
        check("반복부: ITEM_COUNT 만큼 반복 (최대 10건)", counted(Some("ITEM_COUNT"), Some(10)));
        check("건수만큼(최대 40건)", counted(Some("건수"), Some(40)));
        check("최대 40건", counted(None, Some(40)));
        check("조회건수만큼 반복", counted(Some("조회건수"), None));
        check("응답에만", None);
        check("최대 100만원", None);
        check("3회 이상 실패", None);
    }

    #[test]
    fn the_name_of_a_group_can_say_how_often_it_repeats() {
        let check = |text: &str, expected: Option<(&str, usize)>| {
            let found = times(text);
            assert_eq!(found.as_ref().map(|(name, count)| (name.as_str(), *count)), expected, "{text}");
        };
        check("종목정보[20]", Some(("종목정보", 20)));
        check("LIST(5)", Some(("LIST", 5)));
        check("거래내역 x 10", Some(("거래내역", 10)));
        check("거래내역*10", Some(("거래내역", 10)));
        check("목록(10회)", Some(("목록", 10)));
        check("목록 (3건)", Some(("목록", 3)));
        for other in ["주소1", "주소[1]", "BOX10", "항목 20", "[20]", "2026-10", "종목정보[N]", ""] {
            check(other, None);
        }
    }

    #[test]
    fn dates_and_charsets_are_named() {
        let check = |text: &str, expected: Option<(&str, &str)>| assert_eq!(date(text), expected, "{text}");
        check("YYYYMMDD", Some(("date", "YYYYMMDD")));
        check("COMP-3 9(7), value HHMMSS, sign F", Some(("time", "HHMMSS")));
        check("년월일(YYMMDD)", Some(("date", "YYMMDD")));
        check("EB13MMDD", None);
        check("일자", None);
        assert_eq!(charset("ibm933 with SO/SI"), Some("ibm933"));
        assert_eq!(charset("EBCDIC, left, space 40"), Some("ibm933"));
        assert_eq!(charset("CP949"), Some("cp949"));
        assert_eq!(charset("비고"), None);
        assert_eq!(charset("0:JIS 1:EBCDIC"), None);
    }
}

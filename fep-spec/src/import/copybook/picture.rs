//! PICTURE strings: how many characters or digits, and what they are.

/// What a picture describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) what: What,
    /// Characters of the item as text: the bytes of DISPLAY without a separate sign.
    pub(super) size: usize,
    /// Digits of a number.
    pub(super) digits: usize,
    /// Decimal places. Negative for `P` behind the digits.
    pub(super) scale: i64,
    pub(super) is_signed: bool,
}

/// The class of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// `X`, `A`.
    Text,
    /// `N`.
    National,
    /// `G`.
    Double,
    /// `9`, `S`, `V`, `P`.
    Number,
    /// Digits with leading blanks, as in `ZZZ9.99`: the number of decimal places behind a written point.
    Blanks(usize),
    /// Anything else that is edited.
    Edited,
}

/// The most characters of a picture.
pub(super) const SIZE_MAX: usize = 65_535;

impl Picture {
    /// Reads a picture, or says why it is none.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let symbols = symbols(&text.to_uppercase())?;
        let has = |wanted: &str| symbols.iter().any(|(symbol, _)| wanted.contains(*symbol));
        let count = |wanted: &str| {
            symbols.iter().filter(|(symbol, _)| wanted.contains(*symbol)).map(|(_, count)| count).sum::<usize>()
        };
        let size = symbols.iter().filter(|(symbol, _)| !"SVP".contains(*symbol)).map(|(_, count)| count).sum::<usize>();
        if size == 0 || size > SIZE_MAX {
            return Err(format!("the picture {text} has {size} characters, 1 to {SIZE_MAX} are possible"));
        }
        let only = |allowed: &str| symbols.iter().all(|(symbol, _)| allowed.contains(*symbol));
        let plain = |what| Self { what, size, digits: 0, scale: 0, is_signed: false };
        match () {
            () if only("XA") || (only("XA9") && has("XA")) => Ok(plain(What::Text)),
            () if only("N") => Ok(Self { size: size * 2, ..plain(What::National) }),
            () if only("G") => Ok(Self { size: size * 2, ..plain(What::Double) }),
            () if only("9SVP") && has("9") => number(&symbols, count("9"), text),
            () if is_blanked(&symbols) => {
                let point = symbols.iter().position(|(symbol, _)| *symbol == '.');
                let scale = point.map_or(0, |at| symbols.iter().skip(at + 1).map(|(_, count)| count).sum());
                Ok(Self { digits: count("Z9"), ..plain(What::Blanks(scale)) })
            }
            () if only("XA9BZ0/,.+-$*CDRPV") => Ok(plain(What::Edited)),
            () => Err(format!("the picture {text} has symbols that do not go together")),
        }
    }
}

/// `Z(4)9.99`: blanks for leading zeros, then digits, then perhaps a point with digits.
fn is_blanked(symbols: &[(char, usize)]) -> bool {
    let shape: String = symbols.iter().map(|(symbol, _)| *symbol).collect();
    let last_of_whole =
        symbols.iter().take_while(|(symbol, _)| *symbol != '.').filter(|(symbol, _)| *symbol == '9').count();
    matches!(shape.as_str(), "Z9" | "Z9.9") && last_of_whole == 1
}

fn number(symbols: &[(char, usize)], digits: usize, text: &str) -> Result<Picture, String> {
    let signs = symbols.iter().filter(|(symbol, _)| *symbol == 'S').count();
    let starts = symbols.first().is_some_and(|(symbol, _)| *symbol == 'S');
    let points = symbols.iter().filter(|(symbol, _)| *symbol == 'V').map(|(_, count)| count).sum::<usize>();
    if signs > 1 || (signs == 1 && !starts) || points > 1 {
        return Err(format!("the picture {text} has S not only at its start, or V twice"));
    }
    let shape: Vec<_> = symbols.iter().filter(|(symbol, _)| *symbol != 'S').collect();
    // P stands before all digits with the point before it, or behind all digits with the point behind it.
    let order: String = shape.iter().map(|(symbol, _)| *symbol).collect();
    if order.contains('P') && !["P9", "VP9", "9P", "9PV"].contains(&order.as_str()) {
        return Err(format!("the picture {text} has P neither before nor behind all digits and the V"));
    }
    let first_digit = shape.iter().position(|(symbol, _)| *symbol == '9').unwrap_or_default();
    let mut scale = 0_i64;
    let mut is_behind_point = false;
    let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    for (index, (symbol, count)) in shape.iter().enumerate() {
        match symbol {
            'V' => is_behind_point = true,
            '9' if is_behind_point => scale += signed(*count),
            // P before the digits stands behind an assumed point, P behind them before one.
            'P' if index < first_digit => {
                scale += signed(*count);
                is_behind_point = true;
            }
            'P' => scale -= signed(*count),
            _ => {}
        }
    }
    let what = What::Number;
    Ok(Picture { what, size: digits, digits, scale, is_signed: signs == 1 })
}

/// `9(3)V99` → `(9, 3) (V, 1) (9, 2)`.
fn symbols(text: &str) -> Result<Vec<(char, usize)>, String> {
    let mut symbols: Vec<(char, usize)> = Vec::new();
    let mut rest = text;
    while let Some(symbol) = rest.chars().next() {
        rest = rest.get(symbol.len_utf8()..).unwrap_or_default();
        let mut count = 1;
        if let Some(inner) = rest.strip_prefix('(') {
            let (number, behind) = inner.split_once(')').ok_or_else(|| format!("the picture {text} lacks a )"))?;
            count = number
                .trim()
                .parse()
                .ok()
                .filter(|count| (1..=SIZE_MAX).contains(count))
                .ok_or_else(|| format!("the picture {text} has ({number}), and 1 to {SIZE_MAX} are possible"))?;
            rest = behind;
        }
        match symbols.last_mut().filter(|(last, _)| *last == symbol) {
            Some((_, before)) => *before = before.saturating_add(count).min(SIZE_MAX + 1),
            None => symbols.push((symbol, count)),
        }
    }
    Ok(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures() {
        let check = |text: &str, what: What, size: usize, digits: usize, scale: i64, is_signed: bool| {
            assert_eq!(Picture::read(text), Ok(Picture { what, size, digits, scale, is_signed }), "{text}");
        };
        check("X(14)", What::Text, 14, 0, 0, false);
        check("XX9", What::Text, 3, 0, 0, false);
        check("A(3)", What::Text, 3, 0, 0, false);
        check("N(5)", What::National, 10, 0, 0, false);
        check("g(5)", What::Double, 10, 0, 0, false);
        check("9(6)", What::Number, 6, 6, 0, false);
        check("S9(7)V99", What::Number, 9, 9, 2, true);
        check("9V9(3)", What::Number, 4, 4, 3, false);
        check("9(2)P(3)", What::Number, 2, 2, -3, false);
        check("VP(2)9(5)", What::Number, 5, 5, 7, false);
        check("P(2)9(5)", What::Number, 5, 5, 7, false);
        check("ZZZ9", What::Blanks(0), 4, 4, 0, false);
        check("Z(4)9.99", What::Blanks(2), 8, 7, 0, false);
        check("Z,ZZ9.99-", What::Edited, 9, 0, 0, false);
        check("9(4)/99", What::Edited, 7, 0, 0, false);
        for wrong in ["9(", "X(0)", "9(99999)", "9S", "9V9V9", "Q", "S", "XN", "9P9", "S99V9P", "9VP"] {
            assert!(Picture::read(wrong).is_err(), "{wrong}");
        }
    }
}

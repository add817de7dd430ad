//! Formulas with values that were calculated by hand.

use super::*;

/// A Friday: 2028-02-25.
const TODAY: i64 = 21_239;

struct Sample;

impl Facts for Sample {
    fn today(&self) -> i64 {
        TODAY
    }

    fn exists(&self) -> bool {
        true
    }

    fn name(&self, name: &str) -> i128 {
        if name == "balance" { 1000 } else { 0 }
    }

    fn request(&self, path: &str) -> Option<i128> {
        (path == "body.amount").then_some(250)
    }

    /// Monday, 2028-02-28, and all of 2030.
    fn is_holiday(&self, day: i64) -> bool {
        day == 21_242 || (21_915..22_280).contains(&day)
    }
}

#[track_caller]
fn check(text: &str, expected: Result<i128, NoValue>) {
    let formula = Formula::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(formula.value(&Sample), expected, "{text}");
}

#[test]
fn numbers_are_calculated_without_fractions() {
    for (text, value) in [
        ("1 + 2 * 3 - 4", 3),
        ("(1 + 2) * 3", 9),
        ("10 - 3 - 2", 5),
        ("7 / 2", 3),
        ("-7 / 2", -4),
        ("7 / -2", -4),
        ("-7 % 2", 1),
        ("7 % 2", 1),
        ("-8 / 2", -4),
        ("1_000_000 * 6_000 * 31 / 36_500_000", 5095),
        ("min(3, max(1, 2))", 2),
        ("balance - request.body.amount", 750),
        ("!0 + !5", 1),
        ("- - 5", 5),
        ("1 < 2 && 2 <= 2 && 3 > 2 && 2 >= 3", 0),
        ("1 == 2 || 1 != 2", 1),
        ("exists && unset == 0", 1),
        ("if(balance > 999, 7, 1 / 0)", 7),
        ("if(0, 1 / 0, 8)", 8),
        ("0 && 1 / 0", 0),
        ("1 || 1 / 0", 1),
    ] {
        check(text, Ok(value));
    }
    // By hand: 2^127 - 1 is 1 more than a multiple of 3.
    check("(0 - 170141183460469231731687303715884105727) % 3", Ok(2));
    check("(0 - 170141183460469231731687303715884105727) / 3", Ok(-56_713_727_820_156_410_577_229_101_238_628_035_243));
    check("7 % (0 - 3)", Ok(-2));
    check("1 / 0", Err(NoValue::DivisionByZero));
    check("1 % (1 - 1)", Err(NoValue::DivisionByZero));
    check("request.memo", Err(NoValue::Request("memo".to_owned())));
    let most = i128::MAX;
    check(&format!("{most} + 1"), Err(NoValue::TooLarge));
    check(&format!("{most} * 2"), Err(NoValue::TooLarge));
    check(&format!("(-{most} - 1) / -1"), Err(NoValue::TooLarge));
    check(&format!("-(-{most} - 1)"), Err(NoValue::TooLarge));
}

/// Weekdays and lengths of months were taken from `cal`.
#[test]
fn dates_are_days_and_months_have_their_ends() {
    for (text, date) in [
        ("today", "2028-02-25"),
        ("today + 4", "2028-02-29"),
        ("months(2028-01-31, 1)", "2028-02-29"),
        ("months(2027-01-31, 1)", "2027-02-28"),
        ("months(2028-02-29, 12)", "2029-02-28"),
        ("months(2026-12-31, 120)", "2036-12-31"),
        ("months(2028-03-31, -1)", "2028-02-29"),
        ("months(2028-01-15, -13)", "2026-12-15"),
        ("workday(2028-02-25)", "2028-02-25"),
        // A Saturday, a Sunday and a holiday.
        ("workday(2028-02-26)", "2028-02-29"),
        ("workday(2029-12-31)", "2029-12-31"),
    ] {
        check(&format!("{text} == {date}"), Ok(1));
    }
    check("2028-03-01 - 2028-02-01", Ok(29));
    check("2027-03-01 - 2027-02-01", Ok(28));
    // Without spaces, a date is a date.
    check("2028-03-01-2028-02-01", Ok(29));
    check("2030-12-31-workday(2030-12-30)", Ok(-1));
    check("months(0 - 999_999_999, 1)", Err(NoValue::NoDate));
    check("months(2028-01-31, 999_999)", Err(NoValue::NoDate));
    check(&format!("months(2028-01-31, {})", i128::MAX), Err(NoValue::NoDate));
    check("workday(9999999)", Err(NoValue::NoDate));
    check("workday(2030-01-01) == 2031-01-01", Ok(1));
}

#[test]
fn what_is_no_formula_is_refused_at_its_byte() {
    let nested = "(".repeat(100);
    for (text, at, why) in [
        ("", 0, "a number, a date, a name or `(` is expected, not the end"),
        ("1 +", 3, "is expected, not the end"),
        ("1 2", 2, "an operator or the end is expected, not `2`"),
        ("(1", 2, "`)` is expected, not the end"),
        ("min(1)", 0, "`min` has 2 values, not 1"),
        ("workday(1, 2)", 0, "`workday` has 1 values, not 2"),
        ("sqrt(4)", 0, "there is no function `sqrt` (known are if, min, max, months, workday)"),
        ("1 < 2 < 3", 7, "join two with `&&`"),
        ("loan.balance", 0, "only `request` has fields"),
        ("request.", 0, "is no name"),
        ("2027-02-29", 0, "`2027-02-29` is no date"),
        ("999999999999999999999999999999999999999999", 0, "too many digits"),
        ("a = 1", 2, "an operator or the end is expected, not `=`"),
        ("금액", 0, "is expected, not `금`"),
        ("1 + \n2", 4, "is expected, not `\\n`"),
        (&nested, 32, "nested at most 32 deep"),
    ] {
        let (message, place) = Formula::parse(text).unwrap_err();
        assert!(message.contains(why) && place == at, "{text:?}: {message} at {place}");
    }
    assert!(Formula::parse(&"1+".repeat(600)).is_err());
}

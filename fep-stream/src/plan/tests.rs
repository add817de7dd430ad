//! What a plan reads, and what it says about layouts that it cannot read.

use fep_codec::{Digits, Telegram, Text};

use super::*;

#[derive(Telegram, Clone, Debug)]
struct Quote {
    #[field(literal = "Q1")]
    code: (),
    #[field(len = 4)]
    sequence: u32,
    #[field(len = 4)]
    issue: Text<4>,
    #[field(len = 2)]
    board: Text<2>,
    #[field(len = 5, sign = "leading-minus")]
    change: i32,
}

#[derive(Telegram, Clone, Debug)]
struct Beat {
    #[field(literal = "HB")]
    code: (),
    #[field(full)]
    last: Digits<4>,
}

#[derive(Telegram, Clone, Debug)]
struct Book {
    #[field(literal = "BK")]
    code: (),
    #[field(len = 6)]
    sequence: u32,
    #[field(len = 1, computed = count(levels))]
    count: (),
    #[field(group, count = count, max = 9)]
    levels: Vec<Level>,
    #[field(len = 12)]
    issue: Text<12>,
}

#[derive(Telegram, Clone, Debug)]
struct Level {
    #[field(len = 3)]
    price: u32,
}

#[derive(Telegram, Clone, Debug)]
struct Unmarked {
    #[field(len = 40)]
    name: Text<40>,
}

#[derive(Telegram, Clone, Debug)]
struct Long {
    #[field(literal = "L")]
    code: (),
    #[field(len = 40)]
    name: Text<40>,
}

fn plan() -> Plan {
    Plan::builder()
        .numbered(Quote::LAYOUT, &["issue", "board"], "sequence")
        .heartbeat(Beat::LAYOUT, "last")
        .build()
        .unwrap()
}

#[test]
fn key_and_number_are_read_where_they_are() {
    let plan = plan();
    let one = plan.of(b"Q10042ABCDG1-0012").unwrap();
    assert_eq!((one.kind, one.number, plan.name(0)), (0, NumberSaid::Own(42), Some("Quote")));
    let other = plan.of(b"Q10043ABCDG200012").unwrap();
    assert_ne!(one.key, other.key);
    assert_eq!(plan.of(b"Q10044ABCDG100000").unwrap().key, one.key);
    assert_eq!(plan.of(b"HB0044").unwrap().number, NumberSaid::LastSent(44));
    assert_eq!(plan.of(b"HB0000").unwrap().number, NumberSaid::NothingSent);
}

#[test]
fn what_is_not_in_the_plan_is_refused() {
    let plan = plan();
    for (bytes, error) in [
        (&b"X10042ABCDG1-0012"[..], Unplanned::Unknown),
        (b"Q10042ABCDG1-001", Unplanned::Unknown),
        (b"", Unplanned::Unknown),
        (b"Q1004xABCDG1-0012", Unplanned::BadNumber),
        (b"Q10000ABCDG1-0012", Unplanned::BadNumber),
    ] {
        assert_eq!(plan.of(bytes), Err(error), "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_plan_says_what_it_cannot_read_and_what_to_do() {
    let check = |builder: PlanBuilder, expected: &str| {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let plan = Plan::builder;
    check(plan(), "the plan has no telegram");
    check(plan().keyed(Quote::LAYOUT, &["isue"]), "Quote: isue: there is no such field; did you mean issue?");
    check(plan().keyed(Book::LAYOUT, &["issue"]), "`issue` has no fixed offset");
    check(plan().numbered(Quote::LAYOUT, &[], "issue"), "`issue` is no number of a feed");
    check(plan().numbered(Quote::LAYOUT, &[], "change"), "`change` is no number of a feed");
    check(
        plan().numbered(Quote::LAYOUT, &[], "sequence").numbered(Book::LAYOUT, &[], "sequence"),
        "Book: its number has 6 digits and that of Quote has 4",
    );
    check(plan().keyed(Long::LAYOUT, &["name"]), "the key has 40 bytes, at most 32 are compared");
    check(plan().telegram(Unmarked::LAYOUT), "add `when`");
    check(plan().numbers_begin_with(9999).numbered(Quote::LAYOUT, &[], "sequence"), "4 digits cannot begin with 9999");
}

//! Tests of the tables `flow`, `breaker`, `hours` and `session.notices`: what they mean, and their mistakes.

use std::path::Path;
use std::time::Duration;

use fep_protocol::breaker::Alternative;
use fep_protocol::business::{BusinessNotice, Stops};
use fep_protocol::flow::{Priority, RateSettings};

use super::{Config, ConfigError, InstitutionConfig};

const START: &str = r#"
[institutions.bank-b]
spec = "specs/bank-a/bank-a.toml"
key = ["header.trace_no"]
trace = "header.trace_no"
lines = [{ name = "main", connect = "127.0.0.1:9002" }]

[institutions.bank-a]
spec = "specs/bank-a/bank-a.toml"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
inflight_max = 200
lines = [{ name = "main", connect = "127.0.0.1:9001" }]
"#;

const TABLES: &str = r#"
[institutions.bank-a.session]
echo_test = "EchoTest"

[[institutions.bank-a.session.notices]]
telegram = "SignOff"
means = "end_notice"
stops = "all"

[[institutions.bank-a.session.notices]]
telegram = "SignOn"
when = { "header.response_code" = "0003" }
means = "fault"
answered = false

[institutions.bank-a.flow]
rate_max = 100
burst_max = 20
reserved_percent = 10
business = "header.business_code"
priorities = { BalanceInquiry = "batch" }

[institutions.bank-a.flow.businesses.100]
rate_max = 30
inflight_max = 50

[institutions.bank-a.breaker]
failures_in_row = 3
wait_max_ms = 30000

[institutions.bank-a.breaker.alternatives]
Transfer = { institution = "bank-b" }
BalanceInquiry = { stand_in = { "header.response_code" = "0003" } }

[institutions.bank-a.hours]
day_starts_at = "23:30"
week = { mon-fri = ["09:00-12:00", "13:00-16:30"], sat = ["22:00-02:00"], sun = [] }
holidays = ["2026-12-25"]
holidays_file = "fep-gateway/testdata/holidays.txt"
days = { "2026-12-31" = ["09:00-12:00"] }
allowed_outside = ["EchoTest", "SignOn"]
"#;

/// A date in the key beside trace numbers that begin at 23:30. The bank to which transfers go fills the same field.
const FILL: &str = "[institutions.bank-a.fill]\n\"header.sent_date\" = \"<date>\"\n\n\
                    [institutions.bank-b.fill]\n\"header.sent_date\" = \"<date>\"\n\n";

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse("gateway.toml", text, &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

fn bank_a(tables: &str) -> InstitutionConfig {
    parse(&format!("{START}{tables}")).unwrap().institutions.remove("bank-a").unwrap()
}

/// Replaces a part of the example and checks that this is the only mistake, with this message.
fn check(from: &str, to: &str, expected: &str) {
    assert!(TABLES.contains(from), "{from}");
    let error = parse(&format!("{START}{}", TABLES.replacen(from, to, 1))).expect_err(to).to_string();
    assert!(error.contains(expected), "{error}\n{expected}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn the_tables_become_the_settings_of_the_machines() {
    let bank = bank_a(TABLES);
    let flow = &bank.flow.settings;
    let second = Duration::from_secs(1);
    assert_eq!(flow.contract.rate, Some(RateSettings { max: 100, window: second, burst_max: 20 }));
    assert_eq!((flow.contract.inflight_max, flow.contract.adapts), (200, true));
    assert_eq!((flow.reserved_percent, flow.queue_max), (10, 1000));
    let own = flow.businesses.get("100").unwrap();
    assert_eq!((own.inflight_max, own.rate.unwrap().burst_max), (50, 30));
    assert_eq!(bank.flow.business.as_deref(), Some("header.business_code"));
    assert_eq!(bank.flow.priorities.get("BalanceInquiry"), Some(&Priority::Batch));
    let breaker = bank.breaker.unwrap();
    assert!(breaker.settings.echo_first, "the session has an echo test");
    assert_eq!((breaker.settings.failures_in_row, breaker.settings.wait_max), (3, 30 * second));
    assert_eq!(breaker.alternatives.get("Transfer"), Some(&Alternative::Institution("bank-b".to_owned())));
    assert_eq!(breaker.alternatives.get("BalanceInquiry"), Some(&Alternative::StandIn));
    let stand_in = ("header.response_code".to_owned(), "0003".to_owned());
    assert_eq!(breaker.stand_ins.get("BalanceInquiry"), Some(&vec![stand_in]));
    let notices = bank.session.unwrap().notices;
    let [ending, fault] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!((ending.means, ending.stops, ending.answered), (BusinessNotice::EndNotice, Stops::All, true));
    assert_eq!(
        (fault.means, fault.stops, fault.answered, fault.when.len()),
        (BusinessNotice::Fault, Stops::All, false, 1)
    );
}

#[test]
fn the_hours_are_those_of_the_institutions_clock() {
    let hours = bank_a(TABLES).hours;
    // date -d "2026-12-21 00:00 +0900" +%s, a Monday
    let at = |day: i64, minute: i64| 1_797_778_800_000 + ((day - 21) * 1440 + minute) * 60_000;
    for (day, minute, is_open) in [
        (21, 9 * 60, true),
        (21, 12 * 60, false),
        (25, 10 * 60, false), // a holiday
        (28, 10 * 60, false), // a holiday of the file
        (29, 10 * 60, true),  // a half day of the file
        (29, 14 * 60, false),
        (31, 11 * 60, true), // a half day
        (31, 14 * 60, false),
        (27, 60, true), // Saturday's span goes on
        (27, 180, false),
    ] {
        assert_eq!(hours.calendar.is_open(at(day, minute)), is_open, "{day} {minute}");
    }
    let new_day = hours.calendar.business_date(at(21, 23 * 60 + 30));
    assert_eq!(new_day - hours.calendar.business_date(at(21, 23 * 60 + 29)), 1);
    assert!(hours.allowed_outside.contains("EchoTest"));
}

#[test]
fn without_the_tables_nothing_changes() {
    let bank = bank_a("");
    assert_eq!(bank.flow.settings.contract.rate, None);
    assert!(bank.breaker.is_none() && bank.session.is_none() && bank.flow.business.is_none());
    assert!((0..48).all(|hour| bank.hours.calendar.is_open(hour * 3_600_000)));
}

#[test]
fn mistakes_are_named_at_their_place() {
    check("burst_max = 20", "burst_max = 200", "`burst_max` is 200 (`rate_max` is 100, and no burst can be larger)");
    check("rate_max = 100\n", "", "`burst_max` has no rate (write `rate_max`, the number of telegrams in a window)");
    check("rate_max = 30", "rate_max = 300", "`rate_max` of this business code is 300, and the institution's is 100");
    check("inflight_max = 50", "inflight_max = 500", "is 500, and the institution's is 200");
    check("\"batch\"", "\"bach\"", "`BalanceInquiry` cannot be \"bach\" (did you mean `batch`?)");
    check("header.business_code", "header.busines_code", "has the field `header.busines_code`");
    check("business = \"header.business_code\"\n", "", "bank-a has no telegram `100`");
    check("\"bank-b\" }", "\"bank-c\" }", "there is no other institution `bank-c` (known: bank-b)");
    check("\"bank-b\" }", "\"bank-a\" }", "there is no other institution `bank-a` (known: bank-b)");
    check("{ institution = \"bank-b\" }", "{}", "`Transfer` needs exactly one alternative");
    check("{ institution = \"bank-b\" }", "{ closed = \"\" }", "`closed` is the note that services get");
    check("{ institution = \"bank-b\" }", "{ closed = \"x\", stand_in = {} }", "needs exactly one alternative");
    check("wait_max_ms = 30000", "wait_max_ms = 300", "`wait_max_ms` is below `wait_min_ms` (the shortest is 5000 ms)");
    check("wait_max_ms = 30000", "echo_first = 1", "`echo_first` must be true or false");
}

#[test]
fn mistakes_of_hours_and_notices_are_named_too() {
    check("[institutions.bank-a.session]", &format!("{FILL}[institutions.bank-a.session]"), "write `<business_date>`");
    check("sun = []", "sum = []", "`sum` is no weekday");
    check(", sun = []", "", "`week` does not say the hours of sun (write `sun = []` if it is closed then)");
    check("sun = []", "sun = [], fri = []", "`fri` contains a day that has hours already");
    check("09:00-12:00\", \"13", "09:00-13:30\", \"13", "09:00-13:30 and 13:00-16:30 overlap");
    check("22:00-02:00", "22:00-25:00", "it is not a span of hours: \"22:00-25:00\"");
    check("23:30\"\n", "24:00\"\n", "`day_starts_at` is not a time: \"24:00\" (such as 00:30 or 23:30)");
    check("2026-12-25", "2026-02-29", "it is not a date: \"2026-02-29\" (such as 2026-12-25)");
    check("2026-12-31", "31.12.2026", "it is not a date: \"31.12.2026\"");
    check("testdata/holidays.txt", "testdata/bad-holidays.txt", "bad-holidays.txt:2: this is not a date");
    check("testdata/holidays.txt", "testdata/no.txt", "cannot read");
    check("\"2026-12-31\" =", "\"2026-12-25\" =", "2026-12-25 is in `holidays`, too");
    let unknown = "no telegram of bank-a has `999` in `header.business_code`";
    check("flow.businesses.100]", "flow.businesses.999]", unknown);
    check("\"SignOn\"]", "\"SingOn\"]", "bank-a has no telegram `SingOn` (did you mean `SignOn`?)");
    check("\"end_notice\"", "\"ending\"", "`means` cannot be \"ending\"");
    check("means = \"end_notice\"", "", "`means` is missing");
    check("telegram = \"SignOff\"", "telegram = \"SignOffAnswer\"\nanswered = true", "`SignOffAnswer` has no answer");
    check("\"SignOn\"\nwhen = { \"header.response_code\" = \"0003\" }", "\"SignOff\"", "has a meaning already");
}

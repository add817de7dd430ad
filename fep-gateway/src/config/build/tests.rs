//! Configurations in code: the annotated example in both forms, each key, and values that a file cannot have.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use fep_spec::report::Report;
use serde_json::{Value as Json, json};

use super::*;
use crate::business_clock::BaseTime;
use crate::config::{Condition, ConditionValue, FileLists, Filling, StepField, StepValue, TestClock, ToldAt};

const EXAMPLE: &str = include_str!("../../../gateway.example.toml");

/// The keys that constructors and methods with a body of their own set.
const OTHERS: &str = "amount brokers busy confirmed connect days declined done encryption end environment feeds fields frame_len \
    gateways heartbeat holidays in key kind length_bytes length_digits listen lists marks means name not_done \
    not_processed order out path peers priorities processed record recording refused repeat request return reversed \
    security snapshot source spec standby telegram telegrams to told told_at week when_overdue when_unpolled";

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn request(path: &str) -> StepValue {
    StepValue::Request(path.to_owned())
}

fn fixed(value: impl Into<Json>) -> StepValue {
    StepValue::Fixed(value.into())
}

/// Conditions about the request that was meant, and one more.
fn about(code: &[&str]) -> Vec<(&'static str, Vec<ConditionValue>)> {
    let of = |path: &str| vec![ConditionValue::Request(path.to_owned())];
    vec![
        ("header.response_code", vec!["0000".into()]),
        ("original_trace_no", of("header.trace_no")),
        ("original_date", of("header.sent_date")),
        ("result_code", code.iter().map(|code| (*code).into()).collect()),
    ]
}

fn code(codes: &[&str]) -> Vec<(&'static str, Vec<ConditionValue>)> {
    vec![("header.response_code", codes.iter().map(|code| (*code).into()).collect())]
}

fn settlement() -> SettlementBuilder {
    let names = |path: &'static str| (path, request("header.transaction_no"));
    let original =
        || [("original_trace_no", request("header.trace_no")), ("original_date", request("header.sent_date"))];
    let mut asked = vec![names("header.transaction_no"), ("result_code", fixed("")), ("amount", fixed(0))];
    asked.extend(original());
    let mut processed = about(&["0000"]);
    processed.push(("amount", vec![ConditionValue::Request("amount".to_owned())]));
    let inquiry = InquiryBuilder::new("ResultInquiry", asked, processed)
        .tries_max(5)
        .declined(about(&["0110", "0117"]))
        .not_processed(about(&["0100"]));
    let same = ["withdraw_account", "amount", "deposit_bank", "deposit_account"].map(|path| (path, request(path)));
    let mut undone = vec![names("header.transaction_no"), ("reason", fixed("01"))];
    undone.extend(original());
    undone.extend(same);
    let confirmed = about(&[]).into_iter().filter(|(path, _)| *path != "result_code");
    let reversal = ReversalBuilder::new("Reversal", undone, confirmed)
        .tries_max(10)
        .repeat([("header.send_count", StepValue::Attempt)])
        .refused(code(&["0100", "0110", "0117"]));
    SettlementBuilder::new(code(&["0000"]), ms(30_000))
        .account_key(["withdraw_account"])
        .first_wait(ms(2000))
        .backoff_min(ms(1000))
        .backoff_max(ms(30_000))
        .step_wait_max(ms(60_000))
        .inquiry(inquiry)
        .reversal(reversal)
}

fn session() -> SessionBuilder {
    SessionBuilder::new()
        .sign_on("SignOn")
        .sign_off("SignOff")
        .echo_test("EchoTest")
        .accepted([("header.response_code", "0000")])
        .sign_on_timeout(ms(10_000))
        .echo_interval(ms(30_000))
        .echo_idle(ms(20_000))
        .echo_timeout(ms(5000))
        .alive(ms(40_000))
        .notice(SessionNoticeBuilder::new("SignOff", BusinessNotice::End).stops(Stops::All).answered(true))
}

fn flow() -> FlowBuilder {
    FlowBuilder::new()
        .rate_max(100)
        .rate_window(ms(1000))
        .burst_max(100)
        .adaptive(true)
        .reserved_percent(5)
        .queue_max(1000)
        .business("header.business_code")
        .busy([("header.response_code", "0003")])
        .priority("ResultInquiry", Priority::Inquiry)
        .priority("Reversal", Priority::Reversal)
        .priority("Totals", Priority::Batch)
        .business_of("300", BusinessBuilder::new().rate_max(20).inflight_max(50))
}

fn hours() -> HoursBuilder {
    HoursBuilder::new()
        .day_starts_at("00:00")
        .week("mon-sat", ["00:10-23:50"])
        .week("sun", ["00:10-12:00", "13:00-23:50"])
        .holidays(["2027-01-01".parse().unwrap()])
        .day("2026-12-31".parse().unwrap(), ["00:10-18:00"])
        .allowed_outside(["SignOn", "SignOff", "EchoTest"])
}

fn breaker() -> BreakerBuilder {
    BreakerBuilder::new()
        .failures_in_row(5)
        .window(ms(10_000))
        .failure_percent(50)
        .volume_min(20)
        .wait_min(ms(5000))
        .wait_max(ms(60_000))
        .echo_first(true)
        .probe_timeout(ms(10_000))
        .trial_inflight_max(2)
        .trial_answers(5)
        .lane_inflight_max(1)
        .stand_in("BalanceInquiry", [("header.response_code", "0003")])
}

fn lines() -> [LineBuilder; 2] {
    let keepalive = KeepaliveBuilder::new().idle(ms(60_000)).interval(ms(10_000)).count(3);
    let main = LineBuilder::connect("main", "127.0.0.1:9000")
        .links(1)
        .duty(LineDuty::Both)
        .connect_timeout(ms(5000))
        .reconnect_min(ms(100))
        .reconnect_max(ms(30_000))
        .user_timeout(ms(30_000))
        .keepalive(keepalive)
        .rank(1);
    [main, LineBuilder::connect("backup", "127.0.0.1:9000").rank(2).cold(false)]
}

fn notice() -> NoticeBuilder {
    NoticeBuilder::new()
        .callback("http://127.0.0.1:8080/notices")
        .callback_timeout(ms(3000))
        .stand_in([("header.response_code", "0199")])
        .may_differ(["header.send_count"])
        .backoff_min(ms(1000))
        .backoff_max(ms(600_000))
        .attempts_max(200)
        .horizon(ms(86_400_000))
        .closed([("header.response_code", "0003")])
        .conflict([("header.response_code", "0101")])
        .busy([("header.response_code", "0199")])
}

/// `gateway.example.toml`, key by key.
fn reconciliation() -> ReconciliationBuilder {
    ReconciliationBuilder::new("Detail", "Transfer")
        .spec("../specs/settlement-a/settlement-a.toml")
        .file("Settlement")
        .key("trace_no", "header.trace_no")
        .key("sent_date", "header.sent_date")
        .amount("amount", "amount")
        .lists(FileLists::Done)
        .done("result", "00")
        .reversed("result", "90")
        .date("Header.settled_on")
        .days_around(1)
        .file_max_bytes(67_108_864)
        .exceptions_max(1000)
        .balances(balances())
}

fn balances() -> BalancesBuilder {
    BalancesBuilder::new().moves_out("Transfer", "amount", None).told_at(ToldAt::End).near_s(600).clock_differs_s(0)
}

fn example() -> ConfigBuilder {
    let mut bank =
        InstitutionBuilder::from_file("../specs/bank-a/bank-a.toml", ["header.trace_no", "header.sent_date"])
            .label("Bank A")
            .contact("network desk, +82 2 555 0100")
            .trace("header.trace_no")
            .response_code("header.response_code")
            .accepted_codes(["0000"])
            .answer_timeout(ms(5000))
            .trace_wraps(false)
            .inflight_max(500)
            .unsolicited_max_per_s(500)
            .quarantine(ms(60_000))
            .drain_max(ms(10_000))
            .write_timeout(ms(5000))
            .frame_timeout(ms(10_000))
            .utc_offset_minutes(540)
            .framing(FramingBuilder::length_digits(4).counts("rest").frame_max_bytes(8192))
            .session(session())
            .flow(flow())
            .breaker(breaker())
            .hours(hours())
            .delivery(DeliveryBuilder::new().undelivered_max(1000).answering_max(64).retrying_max(8))
            .switchover(SwitchoverBuilder::new().after(ms(2000)).return_after(ms(60_000)).returns(true))
            .notice("DepositNotice", notice());
    bank = bank.settlement(
        SettlementLimitsBuilder::new().cases_max(10_000).lane_max(10).closed_keep(ms(3_600_000)).closed_max(10_000),
    );
    bank = bank.reconciliation("transfers", reconciliation());
    let transfer =
        TelegramBuilder::new().repeats(["amount", "deposit_account"]).answer_timeout(ms(10_000)).monetary(true);
    bank = bank.telegram("Transfer", transfer.settlement(settlement()));
    let texts =
        [("transaction_code", "FEPTEST01"), ("company_code", "FEPCO001"), ("bank_code", "099"), ("response_code", "")];
    for (path, text) in texts {
        bank = bank.fill(&format!("header.{path}"), Filling::Fixed(json!(text)));
    }
    let zeros = ["balance", "available", "fee"].map(|path| (path, Filling::Fixed(json!(0))));
    let others = [
        ("header.send_count", Filling::Fixed(json!(1))),
        ("header.sent_date", Filling::Date),
        ("header.sent_time", Filling::Time),
        ("header.transaction_no", Filling::Transaction),
        ("balance_sign", Filling::Fixed(json!(""))),
    ];
    for (path, with) in others.into_iter().chain(zeros) {
        bank = bank.fill(path, with);
    }
    for line in lines() {
        bank = bank.line(line);
    }
    let http = HttpBuilder::new()
        .listen(([127, 0, 0, 1], 8470).into())
        .connections_max(1000)
        .idle_timeout(ms(60_000))
        .head_timeout(ms(10_000))
        .body_timeout(ms(10_000))
        .reply_timeout(ms(10_000));
    let journal = JournalBuilder::new().path("journal.sqlite");
    ConfigBuilder::new()
        .environment(Environment::Production)
        .folder(folder())
        .http(http)
        .journal(journal)
        .institution("bank-a", bank)
}

/// All values of a configuration. What only has an order because a list is written in one is sorted.
fn values(config: Config) -> String {
    let mut config = Config { notes: Report::default(), ..config };
    for institution in config.institutions.values_mut() {
        institution.fill.sort_by(|one, other| one.path.cmp(&other.path));
        for settlement in institution.telegrams.values_mut().filter_map(|telegram| telegram.settlement.as_mut()) {
            let sort = |conditions: &mut Vec<Condition>| conditions.sort_by(|one, other| one.path.cmp(&other.path));
            let fields = |fields: &mut Vec<StepField>| fields.sort_by(|one, other| one.path.cmp(&other.path));
            if let Some(inquiry) = &mut settlement.inquiry {
                fields(&mut inquiry.telegram.fields);
                sort(&mut inquiry.processed);
                sort(&mut inquiry.declined);
                sort(&mut inquiry.not_processed);
            }
            if let Some(reversal) = &mut settlement.reversal {
                fields(&mut reversal.telegram.fields);
                sort(&mut reversal.confirmed);
            }
        }
    }
    format!("{config:#?}")
}

/// Says the first line that differs, because the whole is thousands of lines.
fn are_equal(one: Config, other: Config) {
    let [one, other] = [one, other].map(values);
    let differs = one.lines().zip(other.lines()).enumerate().find(|(_, (one, other))| one != other);
    assert_eq!((differs, one.len()), (None, other.len()));
}

fn check(builder: &ConfigBuilder, expected: &[&str]) {
    let report = builder.build().unwrap_err().to_string();
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{report}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.contains(expected), "{line}\n{expected}");
    }
}

fn bank(line: LineBuilder) -> ConfigBuilder {
    let spec = InstitutionBuilder::from_file("../specs/bank-a/bank-a.toml", ["header.trace_no"]);
    ConfigBuilder::new().folder(folder()).institution("bank-a", spec.line(line))
}

#[test]
fn the_example_in_code_is_the_example_in_the_file() {
    let file = Config::parse("gateway.example.toml", EXAMPLE, folder()).unwrap();
    let code = example().build().unwrap_or_else(|error| panic!("{error}\n{}", example().to_toml()));
    are_equal(code, file);
}

#[test]
fn the_text_of_a_configuration_in_code_is_a_file() {
    let text = example().to_toml();
    let read = Config::parse("gateway.toml", &text, folder()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    are_equal(read, example().build().unwrap());
}

#[test]
fn a_clock_of_tests_needs_their_environment() {
    let clock = || TestClockBuilder::new().base("1970-01-01T09:00:01+09:00").speed(60);
    let config = example().test_clock(clock()).environment(Environment::Test).build().unwrap();
    assert_eq!(
        (config.environment, config.test_clock),
        (Environment::Test, Some(TestClock::Base(BaseTime { ms: 1000, speed: 60 })))
    );
    let of_production = "`[test_clock]` is not for production";
    check(&example().test_clock(clock()), &[of_production]);
    check(&example().test_clock(clock()).environment(Environment::Production), &[of_production]);
    let both = clock().from("http://127.0.0.1:9100/v1/clock");
    let hint = "does not fit `from`";
    check(&example().test_clock(both).environment(Environment::Test), &[hint, hint]);
}

#[test]
fn each_key_of_the_annotated_file_has_a_setter() {
    let with_setter = [
        AlarmsBuilder::KEYS,
        AlarmReceiverBuilder::KEYS,
        AlarmRuleBuilder::KEYS,
        HttpBuilder::KEYS,
        HttpListenerBuilder::KEYS,
        JournalBuilder::KEYS,
        TestClockBuilder::KEYS,
        InstitutionBuilder::KEYS,
        ReconciliationBuilder::KEYS,
        BalancesBuilder::KEYS,
        FramingBuilder::KEYS,
        LineBuilder::KEYS,
        HttpTargetBuilder::KEYS,
        KeepaliveBuilder::KEYS,
        TlsBuilder::KEYS,
        SessionBuilder::KEYS,
        PollBuilder::KEYS,
        SessionNoticeBuilder::KEYS,
        HoursBuilder::KEYS,
        FlowBuilder::KEYS,
        BusinessBuilder::KEYS,
        BreakerBuilder::KEYS,
        RoutingBuilder::KEYS,
        SwitchoverBuilder::KEYS,
        TelegramBuilder::KEYS,
        SettlementBuilder::KEYS,
        InquiryBuilder::KEYS,
        ReversalBuilder::KEYS,
        SettlementLimitsBuilder::KEYS,
        NoticeBuilder::KEYS,
        DeliveryBuilder::KEYS,
        EventsBuilder::KEYS,
        InstancesBuilder::KEYS,
        RedisBuilder::KEYS,
        SiteBuilder::KEYS,
        HandOverBuilder::KEYS,
        RequestsBuilder::KEYS,
        RetryTopicBuilder::KEYS,
        OpenTelemetryBuilder::KEYS,
        ClusterBuilder::KEYS,
        PostgresBuilder::KEYS,
        StreamBuilder::KEYS,
        StreamTopicBuilder::KEYS,
    ];
    let known: BTreeSet<&str> = with_setter.into_iter().flatten().copied().chain(OTHERS.split(' ')).collect();
    // Keys of free names, such as paths and telegrams, are no keys of the configuration.
    let free =
        ["balance_sign", "balance", "available", "fee", "closed", "stand_in", "institution", "conflict", "length"];
    let written = |line: &'static str| {
        let (key, value) = line.trim_start_matches(['#', ' ']).split_once('=')?;
        let key = key.trim_end();
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        (is_key && value.starts_with(' ')).then_some(key)
    };
    let missing: BTreeSet<&str> = EXAMPLE.lines().filter_map(written).filter(|key| !known.contains(key)).collect();
    let missing: Vec<&str> = missing.into_iter().filter(|key| !free.contains(key)).collect();
    assert!(missing.is_empty(), "add these keys to the builders in config/build: {missing:?}");
}

#[cfg(feature = "postgres")]
#[test]
fn a_database_is_configured_in_code() {
    let postgres =
        PostgresBuilder::new(["db-1.bank.example", "db-2.bank.example:6432"], "payments", "gateway", "seoul-1");
    let postgres = postgres.schema("payments_a").lease(ms(5000));
    let journal = || JournalBuilder::new().path("seoul-1.sqlite").postgres(postgres.clone());
    let line = || LineBuilder::connect("main", "10.0.0.7:9001");
    let read = bank(line()).journal(journal()).build().unwrap().journal.postgres.unwrap();
    assert_eq!(read.hosts[1], ("db-2.bank.example".to_owned(), 6432));
    assert_eq!([&read.database, &read.user, &read.instance], ["payments", "gateway", "seoul-1"]);
    assert_eq!((read.schema.as_str(), read.lease), ("payments_a", ms(5000)));
    let kept = bank(line()).journal(journal().keep_days(400)).build().unwrap().journal;
    assert_eq!((kept.archive, kept.postgres.unwrap().keep_days), (None, Some(400)));
    check(
        &bank(line()).journal(journal().archive("archive")),
        &["journal.archive: `archive` is for a journal in a file"],
    );
}

#[cfg(feature = "opentelemetry")]
#[test]
fn spans_are_configured_in_code() {
    let spans = OpenTelemetryBuilder::new("http://127.0.0.1:4318").sampled_per_1000(50).batch_delay(ms(200));
    let line = || LineBuilder::connect("main", "10.0.0.7:9001");
    let read = bank(line()).opentelemetry(spans.clone()).build().unwrap().opentelemetry.unwrap();
    assert_eq!((read.sampled_per_1000, read.batch_delay), (50, ms(200)));
    check(
        &bank(line()).opentelemetry(spans.endpoint("collector")),
        &["opentelemetry.endpoint: an address begins with http"],
    );
}

#[test]
fn mistakes_have_the_place_of_their_key() {
    check(&ConfigBuilder::new(), &["there is no institution"]);
    let source = ([10, 0, 0, 1], 7000).into();
    check(
        &bank(LineBuilder::connect("main", "10.0.0.7:9001").source_port(source).links(0)),
        &["institutions.bank-a.lines[0].links: `links` is 0, it must be 1 to 1000"],
    );
    let twice = InstitutionBuilder::from_file("../specs/bank-a/bank-a.toml", ["header.trace_no"])
        .telegram("Transfr", TelegramBuilder::new())
        .line(LineBuilder::connect("main", "10.0.0.7:9001"))
        .line(LineBuilder::connect("main", "10.0.0.8:9001"));
    check(
        &ConfigBuilder::new().folder(folder()).institution("a.b", twice),
        &[
            "a.b.telegrams.Transfr: bank-a has no telegram `Transfr`",
            "institutions.a.b.lines[1].name: there is a line `main` already",
        ],
    );
}

#[test]
fn a_value_that_a_file_cannot_have_is_a_mistake_and_never_another_value() {
    check(
        &bank(LineBuilder::connect("main", "10.0.0.7:9001").reconnect_min(Duration::from_nanos(1_000_001))),
        &["lines[0].reconnect_min_ms: 1.000001ms is not a whole number of milliseconds (round it)"],
    );
    let line = || LineBuilder::connect("main", "10.0.0.7:9001");
    let filled = |value: Json| {
        let bank = InstitutionBuilder::from_file("../specs/bank-a/bank-a.toml", ["header.trace_no"]);
        let bank = bank.fill("header.bank_code", Filling::Fixed(value)).line(line());
        ConfigBuilder::new().folder(folder()).institution("bank-a", bank)
    };
    check(&filled(json!("<date>")), &["the constant \"<date>\" cannot stand in a configuration"]);
    check(&filled(json!(1.5)), &["1.5 is no whole number of 64 bits"]);
    check(&filled(json!(null)), &["null is neither a text nor a whole number"]);
    check(
        &bank(line().connect_timeout(Duration::MAX)),
        &["connect_timeout_ms: 18446744073709551615.999999999s is not a whole"],
    );
    check(
        &bank(line().connect_timeout(Duration::from_secs(u64::MAX))),
        &["connect_timeout_ms: 18446744073709551615000 is too large"],
    );
}

#[test]
fn texts_are_kept_letter_by_letter() {
    let label = "a \"bank\" \\ of\n[institutions.other]\t\u{7f}\u{0}은행";
    let institution = InstitutionBuilder::from_file("../specs/bank-a/bank-a.toml", ["header.trace_no"])
        .label(label)
        .line(LineBuilder::connect("main", "10.0.0.7:9001"));
    let config = ConfigBuilder::new().folder(folder()).institution("bank \"가\"", institution).build().unwrap();
    assert_eq!(config.institutions["bank \"가\""].label, label);
    assert_eq!(config.institutions.len(), 1);
}

#[cfg(feature = "kafka")]
mod kafka;

mod alarms;

mod streams;

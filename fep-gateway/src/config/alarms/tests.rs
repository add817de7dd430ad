//! The table `[alarms]`: defaults, and mistakes with their places.

use fep_protocol::alarm::measure::Ending;

use super::*;
use crate::config::{Config, ReceiverKind};

const BANK: &str = r#"
[institutions.bank-a]
spec = "../specs/bank-a/bank-a.toml"
key = ["header.trace_no"]
framing = { length_digits = 4, counts = "rest", frame_max_bytes = 4096 }
[[institutions.bank-a.lines]]
name = "main"
connect = "127.0.0.1:9001"
"#;

fn parse(text: &str) -> Result<AlarmsConfig, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config::parse("a.toml", &format!("{text}{BANK}"), folder);
    config.map(|config| config.alarms.unwrap()).map_err(|error| error.to_string())
}

fn rule(keys: &str) -> String {
    format!("[alarms.to.log]\nkind = \"log\"\n[alarms.rules.a]\nto = [\"log\"]\n{keys}\n")
}

#[test]
fn rules_have_defaults() {
    let read = |keys: &str| parse(&rule(keys)).unwrap().rules.remove("a").unwrap();
    let no_traffic = read("kind = \"no_traffic\"\nquiet_max_ms = 600000");
    let s = Duration::from_secs;
    assert_eq!(no_traffic.measurement, Measurement::NoTraffic { quiet_max: s(600) });
    let holds = AlarmHolds { raise_after: s(0), clear_after: s(300), remind_after: None };
    assert_eq!((no_traffic.holds, no_traffic.only_while_open, no_traffic.hours), (holds, false, None));
    assert_eq!(
        read("kind = \"unknown_age\"\nage_max_ms = 900000\nclear_age_ms = 600000").measurement,
        Measurement::UnknownAge { age_max: s(900), clear_age: s(600) }
    );
    assert_eq!(
        read("kind = \"error_rate\"\npercent_max = 5").measurement,
        Measurement::ErrorRate {
            window: s(300),
            count_min: 20,
            percent_max: 5,
            clear_percent: 5,
            times: None,
            days: 5,
            failed: vec![Ending::Unknown, Ending::NotSent],
        }
    );
    let amount = read("kind = \"amount\"\ntelegram = \"Transfer\"\namount = \"amount\"\nz_max = 5");
    assert_eq!(amount.amount, Some(AmountField { telegram: "Transfer".to_owned(), path: "amount".to_owned() }));
    let hours = read("kind = \"dead_letters\"\nhours = { week = { mon-fri = [\"09:00-18:00\"], sat-sun = [] } }").hours;
    // 2026-11-30 was a Monday: 08:59 and 09:00 at UTC+9.
    let hours = hours.unwrap();
    assert!(!hours.is_open(1_795_996_740_000) && hours.is_open(1_795_996_800_000));
}

#[test]
fn mistakes_in_rules_have_places_and_hints() {
    for (keys, wanted) in [
        ("kind = \"no_trafic\"", "no_traffic"),
        ("kind = \"no_traffic\"", "quiet_max_ms"),
        ("kind = \"no_traffic\"\nquiet_max_ms = 0", "it must be 1 to 604800000"),
        (
            "kind = \"no_traffic\"\nquiet_max_ms = 1\nage_max_ms = 1",
            "`age_max_ms` has no meaning with `kind = \"no_traffic\"`",
        ),
        ("kind = \"dead_letters\"\nclear_count = 3", "`clear_count` is higher than `count_max`"),
        ("kind = \"dead_letters\"\ninstitutions = []", "`institutions` is empty"),
        ("kind = \"dead_letters\"\ninstitutions = [\"bank-b\"]", "there is no institution `bank-b`"),
        ("kind = \"dead_letters\"\nsilent = true", "silent"),
        ("kind = \"error_rate\"\npercent_max = 5\nfailed = []", "`failed` is empty"),
        ("kind = \"error_rate\"\npercent_max = 100", "it must be 0 to 99"),
        ("kind = \"amount\"\ntelegram = \"Transfer\"\namount = \"amount\"", "neither `amount_max` nor `z_max`"),
        ("kind = \"amount\"\ntelegram = \"Transfer\"\namount = \"amuont\"\nz_max = 5", "has no field `amuont`"),
        ("kind = \"amount\"\ntelegram = \"Transfer\"\namount = \"deposit_account\"\nz_max = 5", "is not a number"),
    ] {
        let report = parse(&rule(keys)).unwrap_err();
        assert!(report.contains(wanted), "{keys}: {report}");
    }
    let unknown = rule("kind = \"dead_letters\"").replace("to = [\"log\"]", "to = [\"lgo\", \"log\", \"log\"]");
    let report = parse(&unknown).unwrap_err();
    assert!(report.contains("there is no receiver `lgo` (did you mean `log`?") && report.contains("twice"), "{report}");
    assert!(parse("[alarms]\n").unwrap_err().contains("`[alarms]` has 0 receivers, it must have 1 to 20"));
}

#[test]
fn receivers_are_complete_or_refused() {
    let read = |keys: &str| {
        let text = format!("[alarms.rules.a]\nkind = \"dead_letters\"\nto = [\"b\"]\n[alarms.to.b]\n{keys}\n");
        parse(&text).map(|mut alarms| alarms.to.remove("b").unwrap())
    };
    let mail = "kind = \"mail\"\nserver = \"mail.bank.example:25\"\nfrom = \"fep@bank.example\"\nrecipients = [\"a@bank.example\"]\n";
    let ReceiverKind::Mail(plain) = read(&format!("{mail}security = \"none\"")).unwrap().kind else {
        unreachable!("it is a mail")
    };
    assert_eq!((plain.server, plain.login, plain.tls), (("mail.bank.example".to_owned(), 25), None, None));
    for (keys, wanted) in [
        (mail.to_owned(), "`tls` is missing"),
        (format!("{mail}security = \"none\"\nuser = \"fep\""), "`user` needs `password_file`"),
        (
            format!("{mail}security = \"none\"\nuser = \"fep\"\npassword_file = \"no-such-file\""),
            "a password is not sent over",
        ),
        (format!("{mail}security = \"none\"\ncallback = \"http://a\""), "`callback` belongs to `kind = \"webhook\"`"),
        (mail.replace("mail.bank.example:25", "mail.bank.example"), "`server` must be a host and a port"),
        (mail.replace("\"a@bank.example\"", ""), "there are 0 recipients"),
        (mail.replace("a@bank.example", "a b"), "it is not an e-mail address: a b"),
        (mail.replace("a@bank.example", "a@은행.example"), "it is not an e-mail address: a@은행.example"),
        (mail.replace("a@bank.example", "a@b>\\r\\nBcc: c@d"), "it is not an e-mail address"),
        ("kind = \"webhook\"".to_owned(), "`callback` is missing"),
        ("kind = \"webhook\"\ncallback = \"https://a\"".to_owned(), "`callback_tls` is missing"),
        ("kind = \"log\"\npause_ms = 0".to_owned(), "pause_ms"),
        ("kind = \"pager\"".to_owned(), "pager"),
    ] {
        let report = read(&keys).unwrap_err();
        assert!(report.contains(wanted), "{keys}: {report}");
    }
}

/// The commented example, without the files that it names.
#[test]
fn the_annotated_example_can_be_used() {
    let example = include_str!("../../../gateway.example.toml");
    let block = example.lines().skip_while(|line| *line != "# [alarms]").take_while(|line| !line.is_empty());
    let lines = block.filter_map(|line| line.strip_prefix("# "));
    let files = ["callback_secrets", "callback_tls", "tls", "user", "password_file"];
    let text: Vec<_> = lines
        .filter(|line| !files.iter().any(|key| line.starts_with(&format!("{key} "))))
        .map(|line| line.replace("https://", "http://").replace("security = \"starttls\"", "security = \"none\""))
        .collect();
    let read = parse(&text.join("\n")).unwrap_or_else(|report| panic!("{report}"));
    let rules: Vec<_> = read.rules.keys().map(String::as_str).collect();
    assert_eq!(rules, ["conflicts", "errors", "large", "letters", "old", "silent", "slow"]);
    assert_eq!(read.to.len(), 3);
}

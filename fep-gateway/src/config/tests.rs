//! Tests of reading a configuration: valid texts, mistakes and their messages.

use std::path::Path;
use std::time::Duration;

use fep_codec::LengthPrefix;
use fep_codec::layout::LengthScope;

use super::{Config, ConfigError, Filling, Framing, Network, Role, WhenFull};

/// The example in the documentation of the module `config`.
fn example() -> String {
    let source = include_str!("../config.rs");
    let lines = source.lines().skip_while(|line| *line != "//! ```toml").skip(1).take_while(|line| *line != "//! ```");
    lines.map(|line| line.trim_start_matches("//!").trim_start().to_owned() + "\n").collect()
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse("gateway.toml", text, &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

fn check(from: &str, to: &str, expected: &str) {
    let text = example();
    assert!(text.contains(from), "{from}");
    let error = parse(&text.replacen(from, to, 1)).expect_err(to).to_string();
    assert!(error.contains(expected), "{error}\n{expected}");
}

#[test]
fn an_institution_can_say_whom_operators_ask() {
    let contact = |text: &str| parse(text).unwrap().institutions.get("bank-a").unwrap().contact.clone();
    assert_eq!(contact(&example()), None);
    assert_eq!(contact(&example().replacen("label =", "contact = \"desk\"\nlabel =", 1)).as_deref(), Some("desk"));
}

#[test]
fn the_documented_example_is_right_and_the_rest_has_defaults() {
    let config = parse(&example()).unwrap();
    assert_eq!(config.http.listen.port(), 8470);
    let bank = config.institutions.get("bank-a").unwrap();
    assert_eq!((bank.label.as_str(), bank.spec.name.as_str()), ("Bank A", "bank-a"));
    assert_eq!(bank.key, ["header.trace_no", "header.sent_date"]);
    assert_eq!(bank.answer_timeout, Duration::from_secs(5));
    assert_eq!(bank.telegrams.get("Transfer").unwrap().answer_timeout, Duration::from_secs(10));
    let framing = LengthPrefix::new(4, LengthScope::Rest, 4096).unwrap();
    assert_eq!(bank.framing, Framing::Length(framing));
    assert_eq!(bank.fill.iter().filter(|fill| !matches!(fill.with, Filling::Fixed(_))).count(), 3);
    let session = bank.session.as_ref().unwrap();
    assert_eq!((session.sign_on.as_deref(), session.sign_off.as_deref()), (Some("SignOn"), None));
    assert_eq!(session.echo_interval, Duration::from_secs(30));
    let notice = bank.notices.get("DepositNotice").unwrap();
    assert_eq!(notice.stand_in, [("header.response_code".to_owned(), "0199".to_owned())]);
    assert_eq!((bank.lines[0].name.as_str(), bank.lines[0].links), ("main", 2));
}

#[test]
fn mistakes_are_named_at_their_place() {
    check("label =", "lable =", "gateway.toml:8:1: error: unknown key `lable` (did you mean `label`?)");
    let path = "path = \"journal.sqlite\"";
    check(path, "archive_after_days = 3", "`archive_after_days` needs `archive`");
    check(path, "keep_days = 400", "`keep_days` needs `archive`");
    check(path, "archive = \"a\"\nkeep_days = 30", "`keep_days` must be more than `archive_after_days` (at least 31)");
    check(path, "archive = \"a\"\narchive_after_days = 5\nkeep_days = 5", "(at least 6)");
    check(
        path,
        "bodies = \"masked\"",
        "bodies are stored whole: masked ones could not be sent again, compared or settled",
    );
    check(path, "encryption = {}", "`key_file` is missing");
    check(path, "encryption = { key_file = \"k\", algorithm = \"x\" }", "unknown key `algorithm`");
    check(path, "archive = \"a\"\narchive_after_days = 0", "`archive_after_days` is 0, it must be 1 to 3650");
    check("links = 2", "links = 0", "`links` is 0, it must be 1 to 1000");
    check("\"Bank A\"", "7", "gateway.toml:8:9: error: `label` must be a string, found a whole number");
    check("\"header.trace_no\", ", "\"header.trace\", ", "no telegram of bank-a has the field `header.trace`");
    check("\"SignOn\"", "\"SingOn\"", "bank-a has no telegram `SingOn` (did you mean `SignOn`?)");
    check("notices.DepositNotice", "notices.SignOnAnswer", "`SignOnAnswer` has no answer");
    let sign_on = "sign_on = \"SignOn\"";
    let session = |keys: &str, expected: &str| check(sign_on, &format!("{sign_on}\n{keys}"), expected);
    session("polled_within_ms = 0", "`polled_within_ms` is 0, it must be 1 to 3600000");
    check(
        "echo_test = \"EchoTest\"",
        "polled_within_ms = 60000",
        "`polled_within_ms` needs a poll (write `poll` or `echo_test`: ",
    );
    session("when_unpolled = \"close\"", "`when_unpolled` has a meaning only beside `polled_within_ms`");
    check("<time>", "<tmie>", "there is no filling `<tmie>` (did you mean `<time>`?)");
    check("\"rest\"", "\"rset\"", "`counts` cannot be \"rset\" (did you mean `rest`?)");
    check("length_digits = 4", "kind = \"codes\"", "`kind` cannot be \"codes\"");
    let table = "{ length_digits = 4, counts = \"rest\", frame_max_bytes = 4096 }";
    check(table, "{ kind = \"code-table\" }", "bank-a has no code table: ");
    check(table, "{ kind = \"code-table\", length_digits = 4 }", "unknown key `length_digits`");
    check(table, "{ length_digits = 4, length_bytes = 2 }", "`length_bytes` stands beside `length_digits`");
    check("listen", "lisen", "unknown key `lisen`");
    check("connect = \"127.0.0.1:9001\"\n", "", "`connect` is missing (who connects? ");
    check("127.0.0.1:9001", "127.0.0.1", "`connect` must be a host and a port");
    check("127.0.0.1:9001", ":9001", "`connect` must be a host and a port");
    check(
        "links = 2",
        "reconnect_max_ms = 99",
        "`reconnect_max_ms` is below `reconnect_min_ms` (the shortest is 100 ms)",
    );
    check("http://127.0.0.1:8080", "https://service", "`callback_tls` is missing");
    let stand_in = "stand_in = {";
    check(stand_in, "refuse = { full = {} }\nstand_in = {", "unknown key `full`");
    check(stand_in, "refuse = { busy = { \"header.code\" = \"1\" } }\nstand_in = {", "has the field `header.code`");
    check(stand_in, "may_differ = [\"header.sends\"]\nstand_in = {", "has the field `header.sends`");
    check(stand_in, "attempts_max = 0\nstand_in = {", "`attempts_max` is 0, it must be 1 to 10000");
    check(stand_in, "horizon_ms = 0\nstand_in = {", "`horizon_ms` is 0, it must be 1 to 2592000000");
    check("\"http://127.0.0.1:8080/notices\"", "\"service:8080\"", "`callback` must be a URL that begins with http://");
    let callback = "\"http://127.0.0.1:8080/notices\"";
    let with = |more: &str| format!("{callback}\n{more}");
    check(callback, "\"http://kim:pass@127.0.0.1/\"", "`callback` has a user or a password");
    check(callback, &with("callback_tls = { ca = \"ca.pem\" }"), "`callback_tls` needs https");
    check(callback, &with("callback_secrets = \"missing.secrets\""), "missing.secrets: No such file or directory");
    check(&format!("callback = {callback}"), "callback_secrets = \"a\"", "`callback_secrets` needs `callback`");
    check("bank-a/bank-a.toml", "bank-a/bank-b.toml", "cannot read");
    check("[[institutions.bank-a.lines]]", "[institutions.bank-a.line]", "unknown key `line` (did you mean `lines`?)");
    check("[[institutions.bank-a.lines]]", "[institutions.bank-a.routes]", "`lines` is missing");
}

#[test]
fn the_mistakes_of_a_connection_are_named() {
    let connect = "connect = \"127.0.0.1:9001\"";
    let with = |more: &str, expected: &str| check("links = 2", &format!("links = 2\n{more}"), expected);
    with("source = \"host\"", "`source` must be an address of this machine, with or without a port");
    with("source = \"::1\"", "`source` is an address of the other version of IP than `connect`");
    with("source = \"10.0.0.5:7001\"", "`source` has a port, but `links` is 2 (a port can carry one link: ");
    with("peers = [\"10.0.0.0/8\"]", "`peers` has a meaning only beside `listen`");
    with("listen = \"0.0.0.0:9001\"", "`listen` stands beside `connect`");
    with("keepalive = { idle_ms = 1500 }", "`idle_ms` must be whole seconds");
    with("keepalive = { counts = 3 }", "unknown key `counts` (did you mean `count`?)");
    with("tls = {}", "`ca` is missing (the authority that signs the certificate of the institution, ");
    with("tls = { ca = \"none.pem\" }", "none.pem: No such file");
    with("tls = { ca = \"Cargo.toml\" }", "Cargo.toml: it has no certificate in PEM form");
    with("tls = { ca = \"none.pem\", cert = \"none.pem\" }", "`cert` and `key` belong together");
    with("tls = { ca = \"none.pem\", name = \"a b\" }", "`name` must be a host name or an address");
    with("tls = { client_ca = \"none.pem\" }", "unknown key `client_ca`");
    let listen = |keys: &str, expected: &str| check(connect, &format!("listen = \"0.0.0.0:9001\"\n{keys}"), expected);
    listen("", "`peers` is missing: who may connect? (such as ");
    listen("peers = [\"10.0.0.7\"]\ntls = {}", "`cert` and `key` are missing");
    listen("peers = [\"10.0.0.7\"]\ntls = { name = \"bank\" }", "`name` needs `client_ca`");
    listen("peers = []", "`peers` has 0 entries, it must have 1 to 100");
    listen("peers = [\"10.0.0.0/33\"]", "`10.0.0.0/33` is neither an address nor a range of addresses");
    listen("peers = [\"10.0.0.7\"]\nwhen_full = \"drop\"", "`when_full` cannot be \"drop\"");
    listen("peers = [\"10.0.0.7\"]\nsource = \"10.0.0.5\"", "`source` has a meaning only beside `connect`");
    check(
        connect,
        "listen = \"9001\"\npeers = [\"10.0.0.7\"]",
        "`listen` must be an address of this machine and a port",
    );
}

#[test]
fn a_line_can_listen_or_connect_from_an_address() {
    let parsed = |from: &str, to: &str| {
        let config = parse(&example().replacen(from, to, 1)).unwrap_or_else(|error| panic!("{error}"));
        config.institutions["bank-a"].lines[0].clone()
    };
    let keys = "listen = \"0.0.0.0:9001\"\npeers = [\"10.0.0.7\", \"fd00::/8\"]\nwhen_full = \"replace\"";
    let line = parsed("connect = \"127.0.0.1:9001\"", keys);
    let Role::Listen { address, peers, when_full } = &line.role else { panic!("{line:?}") };
    let shown: Vec<_> = peers.iter().map(Network::to_string).collect();
    assert_eq!((address.to_string().as_str(), *when_full), ("0.0.0.0:9001", WhenFull::Replace));
    assert_eq!(shown, ["10.0.0.7/32", "fd00::/8"]);
    let line = parsed("links = 2", "source = \"10.0.0.5:7001\"\nkeepalive = { idle_ms = 5000, count = 9 }");
    assert_eq!(line.role.source(), Some(([10, 0, 0, 5], 7001).into()));
    assert_eq!((line.tcp.keepalive_idle, line.tcp.keepalive_count), (Duration::from_secs(5), 9));
    assert_eq!(line.tcp.keepalive_interval, Duration::from_secs(10));
}

#[test]
fn a_range_of_addresses_has_its_first_bits_in_common() {
    let contains =
        |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
    for (network, inside, outside) in [
        ("10.1.2.3", "10.1.2.3", "10.1.2.2"),
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
        ("10.1.2.8/29", "10.1.2.15", "10.1.2.16"),
        ("0.0.0.0/0", "203.0.113.9", "fd00::1"),
        ("fd00::/8", "fdff::1", "fe00::1"),
        ("fd00::/8", "fd00::", "10.0.0.1"),
        ("::/0", "fe80::1", "10.0.0.1"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1"),
    ] {
        assert!(contains(network, inside) && !contains(network, outside), "{network}");
    }
    for wrong in ["", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "host"] {
        assert!(wrong.parse::<Network>().is_err(), "{wrong}");
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let connect = "connect = \"127.0.0.1:9001\"";
    for http in ["127.0.0.1:8470", "0.0.0.0:8470", "[::]:8470"] {
        let listen = format!("listen = \"{http}\"\npeers = [\"10.0.0.7\"]");
        check(connect, &listen, "`[http] listen` has this address already");
    }
    let two = "listen = \"0.0.0.0:9001\"\npeers = [\"10.0.0.7\"]\n[[institutions.bank-a.lines]]\nname = \"second\"\n\
               listen = \"127.0.0.1:9001\"\npeers = [\"10.0.0.8\"]";
    check(connect, two, "line `main` of bank-a has this address already");
    check(
        connect,
        "listen = \"127.0.0.1:0\"\npeers = [\"10.0.0.7\"]",
        "`listen` must be an address of this machine and a port",
    );
    check(connect, "connect = \"127.0.0.1:0\"", "`connect` must be a host and a port");
    let both = parse(&example().replacen(connect, "listen = \"[::1]:8470\"\npeers = [\"::1\"]", 1));
    assert!(both.is_ok(), "another address of the machine, the same port");
    let transaction = "\"header.transaction_no\" = \"<transaction>\"";
    let trace = "`trace` says that the gateway gives `header.trace_no` its numbers";
    check(transaction, "\"header.trace_no\" = 5", trace);
    check(transaction, "\"header.trace_no\" = \"<time>\"", trace);
    check("path = \"journal.sqlite\"", "archive = \"journal.sqlite\"", "this is the journal itself");
    let encrypted = "encryption = { key_file = \"journal.sqlite\" }";
    check("path = \"journal.sqlite\"", encrypted, "this is the journal itself");
    for name in ["", "a\\nb", &"x".repeat(101)] {
        check("name = \"main\"", &format!("name = \"{name}\""), "a name has 1 to 100 characters");
        let text = example().replace("institutions.bank-a", &format!("institutions.\"{name}\""));
        let error = parse(&text).expect_err(name).to_string();
        assert!(error.contains("a name has 1 to 100 characters"), "{error}");
    }
}

#[test]
fn a_gateway_without_institutions_is_a_mistake() {
    for text in ["", "[institutions]\n", "[http]\nlisten = \"127.0.0.1:8470\"\n"] {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.contains("gateway.toml:1:1: error: there is no institution"), "{error}");
    }
}

#[test]
fn every_mistake_is_said_at_once() {
    let text = example().replace("\"Bank A\"", "7").replace("links = 2", "links = 0").replace("<date>", "<dat>");
    let error = parse(&text).expect_err("three mistakes").to_string();
    assert_eq!(error.lines().count(), 3, "{error}");
}

#[test]
fn a_telegram_can_have_a_key_of_its_own() {
    let table = "[institutions.bank-a.telegrams.Transfer]";
    let with = |keys: &str| example().replacen(table, &format!("{table}\n{keys}"), 1);
    let key = |keys: &str| {
        let config = parse(&with(keys)).unwrap_or_else(|error| panic!("{error}"));
        let key = config.institutions["bank-a"].telegrams["Transfer"].key.clone();
        key.map(|key| (key.key.join(" "), key.answer_key.join(" ")))
    };
    let common = "header.trace_no header.sent_date";
    let pair = |key: &str, answer_key: &str| Some((key.to_owned(), answer_key.to_owned()));
    assert_eq!(key(""), None);
    assert_eq!(key("key = [\"amount\"]"), pair("amount", "amount"));
    assert_eq!(key("answer_key = [\"header.trace_no\", \"fee\"]"), pair(common, "header.trace_no fee"));
    assert_eq!(key("key = [\"amount\"]\nanswer_key = [\"fee\"]"), pair("amount", "fee"));
    let refused = |keys: &str, expected: &str| check(table, &format!("{table}\n{keys}"), expected);
    refused("key = []", "27:1: error: the key of a telegram cannot be empty");
    refused("key = [\"amounts\"]", "27:8: error: Transfer has no field `amounts` at a fixed place");
    refused(
        "answer_key = [\"header.trace_no\", \"x\"]",
        "27:34: error: TransferAnswer has no field `x` at a fixed place",
    );
    let message = "the key has 2 fields in Transfer and 1 in TransferAnswer";
    refused("answer_key = [\"header.trace_no\"]", message);
    // The date of the calendar does not fit a business date that begins at another time.
    let late = "[institutions.bank-a.hours]\nday_starts_at = \"18:00\"\n\n";
    let text = with("key = [\"header.sent_time\", \"header.sent_date\"]").replacen(table, &format!("{late}{table}"), 1);
    let text = text.replacen("key = [\"header.trace_no\", \"header.sent_date\"]", "key = [\"header.trace_no\"]", 1);
    let error = parse(&text).expect_err("the key has a date").to_string();
    assert!(error.contains("`<date>` in a key does not fit `day_starts_at`"), "{error}");
}

#[test]
fn requests_with_one_answer_have_one_key_in_it() {
    let spec = tempfile::tempdir().unwrap();
    let path = spec.path().join("pair.toml");
    std::fs::write(&path, ONE_ANSWER).unwrap();
    let config = |tables: &str| {
        let text = format!(
            "[http]\nlisten = \"127.0.0.1:1\"\n[journal]\npath = \"j\"\n[institutions.pair]\nspec = \"pair.toml\"\nkey = [\"no\"]\n\
             framing = {{ length_digits = 4, counts = \"rest\", frame_max_bytes = 99 }}\n{tables}\n\
             [[institutions.pair.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:1\"\n"
        );
        Config::parse("gateway.toml", &text, spec.path()).map(drop).map_err(|error| error.to_string())
    };
    let own = |telegram: &str, key: &str| format!("[institutions.pair.telegrams.{telegram}]\n{key}\n");
    let message = "One and Two have the answer Answer, with different key fields";
    let error = config(&own("One", "key = [\"other\"]")).unwrap_err();
    assert!(error.contains(message) && error.matches("error:").count() == 1, "{error}");
    let both = own("One", "key = [\"other\"]") + &own("Two", "key = [\"other\"]\nanswer_key = [\"no\"]");
    let error = config(&both).unwrap_err();
    assert!(error.contains(message) && error.matches("error:").count() == 1, "{error}");
    config(&own("One", "key = [\"other\"]\nanswer_key = [\"no\"]")).unwrap();
    config(&(own("One", "key = [\"other\"]") + &own("Two", "key = [\"other\"]"))).unwrap();
}

#[test]
fn a_spec_can_include_shared_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("shared")).unwrap();
    let shared = folder.path().join("shared/types.toml");
    let types = "[types]\nN = { kind = \"number\" }\n";
    let charset = "charset = \"ascii\"\n";
    assert!(ONE_ANSWER.contains(types));
    let spec = ONE_ANSWER.replace(types, "").replace(charset, &format!("{charset}include = [\"shared/types.toml\"]\n"));
    std::fs::write(folder.path().join("pair.toml"), spec).unwrap();
    let text = "[journal]\npath = \"j\"\n[institutions.pair]\nspec = \"pair.toml\"\nkey = [\"no\"]\n\
                framing = { length_digits = 4, counts = \"rest\", frame_max_bytes = 99 }\n\
                [[institutions.pair.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:1\"\n";
    let hash = |types: &str| {
        std::fs::write(&shared, types).unwrap();
        let config = Config::parse("gateway.toml", text, folder.path()).map_err(|error| error.to_string())?;
        Ok(config.institutions.get("pair").unwrap().spec.hash)
    };
    let title = "shared = \"types\"\n";
    let plain = hash(&format!("{title}{types}")).unwrap_or_else(|error: String| panic!("{error}"));
    // A change of the shared file is one of the spec.
    assert_ne!(hash(&format!("{title}{}", types.replace("number\"", "number\", sign = \"leading\""))), Ok(plain));
    let error = hash(&format!("{title}{}", types.replace("number", "numbr"))).unwrap_err();
    assert!(error.contains("shared/types.toml:3:14: error: `kind` cannot be \"numbr\""), "{error}");
    assert!(hash(types).unwrap_err().contains("does not say that it is a shared file"));
}

const ONE_ANSWER: &str = r#"
spec = "pair"
title = "one"
version = "1"
source = "written for this test"
charset = "ascii"

[types]
N = { kind = "number" }

[telegrams.One]
when = { kind = "1" }
answer = "Answer"
items = [{ name = "kind", type = "N", len = 1 }, { name = "no", type = "N", len = 4 }, { name = "other", type = "N", len = 4 }]

[telegrams.Two]
when = { kind = "2" }
answer = "Answer"
items = [{ name = "kind", type = "N", len = 1 }, { name = "no", type = "N", len = 4 }, { name = "other", type = "N", len = 4 }]

[telegrams.Answer]
when = { kind = "3" }
items = [{ name = "kind", type = "N", len = 1 }, { name = "no", type = "N", len = 4 }, { name = "other", type = "N", len = 4 }]
"#;

//! `[instances.sites]` and `[instances.hand_over]` in a file: what is read, and mistakes at their own places.

use super::*;
use crate::config::Config;
use crate::config::two_banks::{banks, parse, root};

const SEOUL: &str = "[instances.sites.seoul]\npercent = 50\ngateways = { seoul-1 = \"http://10.0.0.1:8470\" }\n";
const BUSAN: &str = "[instances.sites.busan]\npercent = 50\ngateways = { busan-1 = \"http://[2001:db8::1]:8470\" }\n";

fn text(tables: &str) -> String {
    let database =
        "[journal.postgres]\nhosts = [\"localhost\"]\ndatabase = \"fep\"\nuser = \"fep\"\ninstance = \"seoul-1\"\n";
    format!("{database}[instances]\nmax = 2\n{tables}{}", banks(""))
}

#[test]
fn a_gateway_knows_its_site_by_its_name() {
    let read = |tables: &str| Config::parse("gateway.toml", &text(tables), root()).unwrap().instances.unwrap().sites;
    assert_eq!(read(""), None);
    let sites = read(&format!("{SEOUL}{BUSAN}")).unwrap();
    assert_eq!((sites.own.as_str(), sites.split.to_string().as_str()), ("seoul", "busan 50 %, seoul 50 %"));
    let at = &sites.sites["busan"].gateways["busan-1"];
    assert_eq!((at.host.as_str(), at.port, &at.tls), ("2001:db8::1", 8470, &None));
    let ms = Duration::from_millis;
    assert_eq!((sites.connect_timeout, sites.pause, sites.inflight_max), (ms(300), ms(1000), 1000));
    let tables = "[instances.hand_over]\nconnect_timeout_ms = 20\npause_ms = 30\ninflight_max = 4\n";
    let sites = read(&format!("{tables}{SEOUL}{BUSAN}")).unwrap();
    assert_eq!((sites.connect_timeout, sites.pause, sites.inflight_max), (ms(20), ms(30), 4));
}

#[test]
fn another_machine_without_tls_is_noted() {
    let noted = |tables: &str| Config::parse("gateway.toml", &text(tables), root()).unwrap().notes.findings;
    let told = noted(&format!("{SEOUL}{BUSAN}")).into_iter().map(|note| note.to_string()).collect::<String>();
    assert!(told.contains("requests travel unencrypted to 2001:db8::1:8470"), "{told}");
    let here = format!("{SEOUL}{BUSAN}").replace("10.0.0.1", "127.0.0.1").replace("[2001:db8::1]", "localhost");
    assert!(!noted(&here).into_iter().any(|note| note.to_string().contains("unencrypted")));
}

#[test]
fn mistakes_are_told() {
    let both = |one: &str, other: &str| format!("{one}{other}");
    let with = |from: &str, to: &str| both(&SEOUL.replace(from, to), BUSAN);
    for (tables, told) in [
        (SEOUL.to_owned(), "there are 1 sites, and there must be 2"),
        (with("percent = 50", "percent = 49"), "add up to 99, not to 100"),
        (with("percent = 50", "percent = 101"), "`percent` is 101, it must be 0 to 100"),
        (with("percent = 50\n", ""), "`percent` is missing"),
        (with("percent = 50", "percents = 50"), "did you mean `percent`?"),
        (with("seoul-1", "seoul-2"), "this gateway, `seoul-1`, is in no site"),
        (both(SEOUL, &BUSAN.replace("busan-1", "seoul-1")), "`seoul-1` is in two sites: `seoul` and `busan`"),
        (with("{ seoul-1 = \"http://10.0.0.1:8470\" }", "{ }"), "a site has 1 to 32 gateways"),
        (with("http://", ""), "this is no URL that begins with http:// or https://"),
        (with("8470\"", "8470/v1\""), "a host and a port, and nothing else"),
        (with("http://", "http://user:secret@"), "a host and a port, and nothing else"),
        (with("http://", "https://"), "https needs `tls` of `hand_over`"),
        (both(SEOUL, BUSAN).replace("http:", "https:") + "[instances.hand_over]\ntls = {}\n", "`ca` is missing"),
        (both(SEOUL, BUSAN) + "[instances.hand_over]\ninflight_max = 0\n", "`inflight_max` is 0"),
        (both(SEOUL, BUSAN) + "[instances.hand_over]\ntimeout_ms = 1\n", "timeout_ms"),
        ("[instances.hand_over]\npause_ms = 1\n".to_owned(), "`hand_over` needs `sites`"),
    ] {
        parse(&text(&tables), Some(told));
    }
}

//! `[instances]` in a file: defaults and mistakes.

use super::*;
use crate::config::Config;
use crate::config::two_banks::{banks, parse, root};

const DATABASE: &str =
    "[journal.postgres]\nhosts = [\"localhost\"]\ndatabase = \"fep\"\nuser = \"fep\"\ninstance = \"seoul-1\"\n";

fn text(instances: &str) -> String {
    format!("{DATABASE}[instances]\n{instances}\n{}", banks(""))
}

#[test]
fn the_rules_have_defaults() {
    let read = |keys| Config::parse("gateway.toml", &text(keys), root()).unwrap().instances.unwrap();
    let ms = Duration::from_millis;
    let InstancesConfig { max, lease, report_every, owner_timeout, redis: _, marks: _, sites: _ } = read("max = 2");
    assert_eq!((max, lease, report_every, owner_timeout), (2, ms(5000), ms(1000), ms(500)));
    let read = read("max = 3\nlease_ms = 2000\nreport_ms = 300\nowner_timeout_ms = 100");
    let terms = Terms { instances_max: 3, lease: ms(2000), report_every: ms(300), owner_timeout: ms(100) };
    assert_eq!(read.terms(), terms);
}

#[test]
fn mistakes_are_told() {
    for (keys, told) in [
        ("", "`max` is missing"),
        ("max = 1", "`max` is 1, it must be 2 to 64"),
        ("max = 65", "`max` is 65, it must be 2 to 64"),
        ("max = 2\nlease_ms = 100", "`lease_ms` must be 500 to 600000"),
        ("max = 2\nreport_ms = 2501", "`report_ms` must be 1 to half of `lease_ms`"),
        ("max = 2\nmaximum = 2", "maximum"),
        ("max = 2\nmarks = { seoul-2 = \"B\" }", "this gateway, `seoul-1`, has no mark"),
        ("max = 2\nmarks = { seoul-1 = \"A\", seoul-2 = \"A\" }", "`seoul-2` and `seoul-1` have the same mark, `A`"),
        ("max = 2\nmarks = { seoul-1 = \"\" }", "a mark has at least one character"),
        ("max = 2\nmarks = { seoul-1 = 1 }", "`seoul-1` must be a string, found a whole number"),
    ] {
        parse(&text(keys), Some(told));
    }
    let alone = format!("[instances]\nmax = 2\n{}", banks(""));
    parse(&alone, Some("several gateways need a journal that they share, in a database"));
}

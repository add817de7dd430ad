//! What the access file may say, and what it is told if it says something else.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// The SHA-256 of `test` and of `foo`, as `sha256sum` prints them.
const TEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const FOO: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

/// 2026-11-28, by `date -u -d 2026-11-28 +%s`.
const NOW_S: i64 = 1_795_824_000;

fn load(text: &str, mode: u32) -> Result<Access, String> {
    let bank_a = Spec::parse("bank-a.toml", include_str!("../../../specs/bank-a/bank-a.toml")).unwrap();
    let specs = BTreeMap::from([("bank-a".to_owned(), Arc::new(bank_a))]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    Access::load(&path, &specs).map_err(|error| error.to_string())
}

#[test]
fn a_client_is_known_by_each_of_its_tokens_and_may_what_its_grants_say() {
    let text = format!(
        r#"
[clients.orders]
tokens = ["{TEST}", "{FOO}"]
may = [
  {{ actions = ["send"], institutions = ["bank-a"], telegrams = ["Transfer"] }},
  {{ actions = ["read"], institutions = ["bank-a"] }},
]
"#
    );
    let access = load(&text, 0o640).unwrap();
    let client = access.client(&TokenHash::of("test"), NOW_S).unwrap();
    assert_eq!(
        (access.client(&TokenHash::of("foo"), NOW_S), access.client(&TokenHash::of("bar"), NOW_S), &*client.name),
        (Ok(client), Err(TokenRefusal::Unknown), "orders")
    );
    let may = |action, institution, telegram| client.may(action, institution, telegram);
    assert!(may(Action::Send, Some("bank-a"), Some("Transfer")));
    assert!(!may(Action::Send, Some("bank-a"), Some("BalanceInquiry")) && !may(Action::Send, Some("bank-a"), None));
    assert!(may(Action::Read, Some("bank-a"), Some("BalanceInquiry")) && may(Action::Read, Some("bank-a"), None));
    assert!(!may(Action::Read, None, None) && !may(Action::Reveal, Some("bank-a"), Some("Transfer")));
    assert!(client.may_some(Action::Send, "bank-a") && !client.may_some(Action::Send, "bank-b"));
}

#[test]
fn a_token_is_random_and_its_hash_leads_to_its_client() {
    let (token, hash) = new_token().unwrap();
    assert_eq!((token.len(), token.starts_with("fep_")), (68, true));
    assert_ne!(token, new_token().unwrap().0);
    let text = format!("[clients.kim]\ntokens = [\"{hash}\"]\nmay = [{{ actions = [\"operate\"] }}]");
    assert_eq!(load(&text, 0o600).unwrap().client(&TokenHash::of(&token), NOW_S).unwrap().name, "kim");
}

#[test]
fn mistakes_are_told_and_a_token_that_stands_in_the_file_is_not_shown() {
    let client = |tokens: &str, grant: &str| format!("[clients.kim]\ntokens = [{tokens}]\nmay = [{{ {grant} }}]");
    let hash = format!("\"{TEST}\"");
    let read = "actions = [\"read\"]";
    for (text, mode, message) in [
        (String::new(), 0o600, "there is no client"),
        (client(&hash, read), 0o620, "others than its owner can write this file"),
        (client(&format!("{{ hash = {hash}, until = \"2027-02-30\" }}"), read), 0o600, "`until` must be a date"),
        (client(&format!("{{ hash = {hash}, until = \"31.1.2027\" }}"), read), 0o600, "`until` must be a date"),
        (client(&format!("{{ hash = {hash} }}"), read), 0o600, "until"),
        (client(&format!("{{ hash = {hash}, untill = \"2027-01-31\" }}"), read), 0o600, "untill"),
        (client("{ hash = \"fep_secret\", until = \"2027-01-31\" }", read), 0o600, "this is not the hash of a token"),
        (client("\"fep_secret\"", read), 0o600, "this is not the hash of a token"),
        (client(&format!("{hash}, {hash}"), read), 0o600, "belongs to a client already"),
        (client(&hash, "actions = [\"reed\"]"), 0o600, "did you mean"),
        (client(&hash, "actions = [\"read\"], institutions = [\"bank-b\"]"), 0o600, "there is no institution `bank-b`"),
        (client(&hash, "actions = [\"read\"], telegrams = [\"Transfr\"]"), 0o600, "has a telegram `Transfr`"),
        (client(&hash, "institutions = [\"bank-a\"]"), 0o600, "actions"),
        (client(&hash, "actions = [\"read\"], instituions = []"), 0o600, "institutions"),
        (format!("[client.kim]\ntokens = [{hash}]"), 0o600, "clients"),
    ] {
        let refused = load(&text, mode).expect_err(message);
        assert!(refused.contains(message), "{message}: {refused}");
    }
}

#[test]
fn a_token_holds_through_its_last_day_and_is_reported_two_weeks_before() {
    let grant = "may = [{ actions = [\"read\"] }]";
    let text = format!("[clients.kim]\ntokens = [\"{FOO}\", {{ hash = \"{TEST}\", until = \"2027-01-31\" }}]\n{grant}");
    let access = load(&text, 0o600).unwrap();
    // By `date -u -d '2027-02-01' +%s`.
    let after = 1_801_440_000;
    let ends = |now_s| access.client(&TokenHash::of("test"), now_s).map(|client| client.name.clone());
    assert_eq!(ends(after - 1), Ok("kim".to_owned()));
    assert_eq!(ends(after), Err(TokenRefusal::Expired("2027-01-31".to_owned())));
    assert!(access.client(&TokenHash::of("foo"), i64::MAX).is_ok(), "the other one has no end");
    assert!(access.ending(after - 15 * DAY_S - 1).is_empty());
    let soon = access.ending(after - 15 * DAY_S);
    assert_eq!(soon, ["the token sha256:9f86d081… of kim ends with 2027-01-31: give the client a new one"]);
    assert_eq!(
        access.ending(after),
        ["the token sha256:9f86d081… of kim ended with 2027-01-31: take it out of the file"]
    );
}

#[test]
fn a_grant_with_an_empty_list_gives_nothing() {
    let text = format!("[clients.kim]\ntokens = [\"{TEST}\"]\nmay = [{{ actions = [\"read\"], institutions = [] }}]");
    let access = load(&text, 0o600).unwrap();
    let client = access.client(&TokenHash::of("test"), NOW_S).unwrap();
    assert!(!client.may(Action::Read, None, None) && !client.may(Action::Read, Some("bank-a"), None));
}

#[test]
fn the_example_is_read() {
    let access = load(include_str!("../../../access.example.toml"), 0o600).unwrap();
    assert_eq!(access.len(), 2);
    assert!(access.client(&TokenHash::of("test"), NOW_S).unwrap().may(Action::Send, Some("bank-a"), Some("Transfer")));
}

//! What the access file may say, and what it is told if it says something else.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// The SHA-256 of `test` and of `foo`, as `sha256sum` prints them.
const TEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const FOO: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

/// 2026-11-28, by `date -u -d 2026-11-28 +%s`.
const NOW_S: i64 = 1_795_824_000;

/// The key of RFC 7517, appendix A.1.
const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

fn load(text: &str, mode: u32) -> Result<Access, String> {
    let bank_a = Spec::parse("bank-a.toml", include_str!("../../../specs/bank-a/bank-a.toml")).unwrap();
    let specs = BTreeMap::from([("bank-a".to_owned(), Arc::new(bank_a))]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("keys.json"), KEYS).unwrap();
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

/// An access file with one issuer and these keys in its table.
fn issued(issuer: &str, more: &str) -> String {
    format!(
        "[issuers.login]\nissuer = \"https://login.bank.example\"\naudience = \"fep\"\n{issuer}\n{more}\n\
         [clients.ledger]\nsubjects = [\"login:ledger\"]\nmay = [{{ actions = [\"send\"] }}]\n"
    )
}

#[test]
fn who_a_token_names_has_the_rights_of_its_client_or_those_of_all_its_roles() {
    let roles = "[roles.readers]\ngroups = [\"login:staff\"]\nmay = [{ actions = [\"read\"] }]\n\
                 [roles.operators]\ngroups = [\"login:night\", \"login:day\"]\nmay = [{ actions = [\"operate\"] }]\n";
    let keys = "jwks_file = \"keys.json\"\nalgorithms = [\"ES256\"]\ngroups_claim = \"groups\"";
    let access = load(&issued(keys, roles), 0o600).unwrap();
    let claimed = |client: &str, person: &str, groups: &[&str]| {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let claimed =
            Claimed { issuer: "login".into(), client: Some(client.into()), person: Some(person.into()), groups };
        let client = access.claimed(&claimed)?;
        let may: Vec<_> = Action::ALL.iter().filter(|(_, action)| client.may(*action, None, None)).collect();
        let may: Vec<_> = may.into_iter().map(|(word, _)| *word).collect();
        Some((client.name.clone(), client.speaks_for.clone(), may))
    };
    assert_eq!(claimed("ledger", "ledger", &["staff"]), Some(("ledger".into(), None, vec!["send"])));
    assert_eq!(claimed("ledger", "kim", &[]), Some(("ledger".into(), Some("kim".into()), vec!["send"])));
    assert_eq!(claimed("kim", "kim", &["staff", "day"]), Some(("login:kim".into(), None, vec!["read", "operate"])));
    // A person is known by that name, whichever program the token was made for.
    assert_eq!(claimed("console", "kim", &["staff"]), Some(("login:kim".into(), None, vec!["read"])));
    assert_eq!(claimed("kim", "kim", &["STAFF", ""]), None);
}

#[test]
fn mistakes_about_issuers_are_told() {
    let file = "jwks_file = \"keys.json\"";
    let good = "jwks_file = \"keys.json\"\nalgorithms = [\"ES256\"]";
    let url = |url: &str| format!("jwks_url = \"{url}\"\nalgorithms = [\"ES256\"]");
    let twin = "[issuers.twin]\nissuer = \"https://login.bank.example\"\naudience = \"fep\"\n\
                jwks_url = \"http://127.0.0.1/keys\"\nalgorithms = [\"RS256\"]";
    let client =
        |subject: &str| format!("[clients.kim]\nsubjects = [\"{subject}\"]\nmay = [{{ actions = [\"read\"] }}]");
    assert!(load(&issued(good, ""), 0o600).is_ok() && load(&issued(&url("http://[::1]:8080/keys"), ""), 0o600).is_ok());
    for (text, message) in [
        (issued("algorithms = [\"ES256\"]", ""), "`jwks_file` or `jwks_url` is missing"),
        (issued("jwks_file = \"none.json\"\nalgorithms = []", ""), "none.json: No such file"),
        (issued("jwks_file = \"access.toml\"\nalgorithms = []", ""), "access.toml: it is not JSON"),
        (issued(&format!("{good}\njwks_url = \"http://127.0.0.1/\""), ""), "exclude each other"),
        (issued(&format!("{good}\nkeys_keep_s = 60"), ""), "`keys_keep_s` needs `jwks_url`"),
        (issued(file, ""), "`algorithms`"),
        (issued(&format!("{file}\nalgorithms = []"), ""), "`algorithms` has none"),
        (
            issued(&format!("{file}\nalgorithms = [\"ES256\", \"RS256\"]"), ""),
            "no key of `jwks_file` is for this algorithm",
        ),
        (issued(&format!("{file}\nalgorithms = [\"HS256\"]"), ""), "cannot be \"HS256\""),
        (issued(&format!("{file}\nalgorithms = [\"none\"]"), ""), "cannot be \"none\""),
        (issued(&url("http://login.bank.example/keys"), ""), "somebody on the way could give other keys"),
        (issued(&url("https://login.bank.example/keys"), ""), "`tls` is missing"),
        (issued(&url("ftp://login.bank.example/keys"), ""), "no scheme that is known"),
        (issued(&url("https://a:b@login.bank.example/keys"), ""), "no URL of a server"),
        (issued(&url("keys"), ""), "no URL of a server"),
        (issued(good, twin), "the same `issuer`"),
        (issued(good, &twin.replace("issuers.twin", "issuers.\"a:b\"")), "and no `:`"),
        (issued(good, &client("ledger")), "does not say whose claim is meant"),
        (issued(good, &client("log-in:ledger")), "there is no issuer `log-in`"),
        (issued(good, &client("login:ledger")), "belongs to a client already"),
        (
            issued(good, &client("login:kim").replace("clients.kim", "clients.\"login:kim\"")),
            "persons whom `login` names",
        ),
        (issued(good, "[roles.operators]\ngroups = [\"login:a\"]\nmay = []"), "`login` has no `groups_claim`"),
        (issued(good, "[roles.operators]\nmay = []"), "groups"),
    ] {
        let refused = load(&text, 0o600).expect_err(message);
        assert!(refused.contains(message), "{message}: {refused}");
    }
}

#[test]
fn one_role_that_masks_is_enough_and_a_client_sees_its_own_secrets_by_default() {
    let roles = "[roles.readers]\ngroups = [\"login:staff\"]\nmay = [{ actions = [\"send\"] }]\n\
                 [roles.clerks]\ngroups = [\"login:clerks\"]\nmay = [{ actions = [\"send\"] }]\nown_secrets = \"masked\"\n";
    let keys = "jwks_file = \"keys.json\"\nalgorithms = [\"ES256\"]\ngroups_claim = \"groups\"";
    let access = load(&issued(keys, roles), 0o600).unwrap();
    let sees = |groups: &[&str]| {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let claimed = Claimed { issuer: "login".to_owned(), client: None, person: Some("kim".to_owned()), groups };
        access.claimed(&claimed).unwrap().sees_own_secrets
    };
    assert_eq!((sees(&["staff"]), sees(&["clerks"]), sees(&["clerks", "staff"])), (true, false, false));
    let text = format!("[clients.orders]\ntokens = [\"{TEST}\"]\nmay = []\nown_secrets = \"mask\"\n");
    let error = load(&text, 0o600).unwrap_err();
    assert!(error.contains("`own_secrets` cannot be \"mask\""), "{error}");
}

//! An encrypted journal, as a person or a program uses it: beside a running gateway, with and without its key file.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::harness::{Bench, GOOD_BANK, SECRETS, transfer};
use crate::journal::{check_refused, journal, sql};

/// The account of the transfers, as an export writes it.
const ACCOUNT: &str = "31303032333435363738393031";

/// A gateway with an encrypted journal, its key file, and an answered and an unknown transfer.
struct Encrypted {
    bench: Bench,
    folder: tempfile::TempDir,
    ids: Vec<String>,
}

impl Encrypted {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("journal.keys");
        run(&format!("new-key --key-file {}", keys.display()), 0);
        let more = format!("[journal]\nencryption = {{ key_file = \"{}\" }}", keys.display());
        let bench = Bench::of(GOOD_BANK, &more).await;
        let mut ids = Vec::new();
        for (memo, key) in [("one", "order-1002345678901"), ("silence", "order-2")] {
            let (_, reply) = bench.transfer(&transfer(memo), Some(key)).await;
            ids.push(reply["exchange"].as_str().unwrap().to_owned());
        }
        Self { bench, folder, ids }
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("journal.keys")
    }

    /// The arguments that name the journal and the key file.
    fn both(&self) -> String {
        format!("--journal {} --key-file {}", self.bench.journal().display(), self.keys().display())
    }

    /// A copy of the journal and its index that no gateway uses.
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.folder.path().join(format!("{name}.db"));
        // A search waits until the index has all facts.
        run(&format!("search {}", self.both()), 0);
        sql(&self.bench.journal(), &format!("VACUUM INTO '{}'", copy.display()));
        let index = self.bench.journal().with_file_name("journal.index.sqlite");
        sql(&index, &format!("VACUUM INTO '{}'", copy.with_extension("index.db").display()));
        copy
    }
}

/// Runs a command that must end with this code, and returns its output.
#[track_caller]
fn run(arguments: &str, code: i32) -> String {
    let output = journal(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(code), ""), "{arguments}");
    String::from_utf8(output.stdout).unwrap()
}

fn lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The files in a folder that contain one of the secrets.
fn with_secrets(folder: &Path) -> Vec<PathBuf> {
    let has = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        SECRETS.iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
    };
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(has).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_is_the_same_with_keys_and_refused_without() {
    let gateway = Encrypted::new().await;
    let file = gateway.bench.journal().display().to_string();
    let whole = run(&format!("export {}", gateway.both()), 0);
    let config = gateway.bench.journal().with_file_name("gateway.toml");
    assert_eq!(run(&format!("export --journal {file} --config {}", config.display()), 0), whole);
    let requests: Vec<Json> = lines(&whole).into_iter().filter(|fact| fact["class"] == "request").collect();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|fact| fact["bytes"].as_str().unwrap().contains(ACCOUNT)), "{requests:?}");

    // Without the bytes, everything else is there, and no key is needed.
    let open = lines(&run(&format!("export --without-bytes --journal {file}"), 0));
    let mut expected = lines(&whole);
    expected.iter_mut().for_each(|fact| drop(fact.as_object_mut().unwrap().remove("bytes")));
    assert_eq!(open, expected);
    let refused = "fact 1: the body is sealed with the key ";
    check_refused(&format!("export --journal {file}"), refused);
    check_refused(&format!("export --journal {file}"), "Give --key-file, or --config, or --without-bytes");
    let other = gateway.folder.path().join("other.keys");
    run(&format!("new-key --key-file {}", other.display()), 0);
    let other = format!("export --journal {file} --key-file {}", other.display());
    check_refused(&other, "is not the key file of this journal; the one with the key ");
    assert_eq!(with_secrets(gateway.bench.journal().parent().unwrap()), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_are_found_and_shown_and_the_journal_is_verified() {
    let gateway = Encrypted::new().await;
    let file = gateway.bench.journal().display().to_string();
    let search = run(&format!("search --format json --journal {file}"), 0);
    assert_eq!(lines(&search).len(), 2, "the list needs no key: {search}");
    let found = lines(&run(&format!("search --format json {} --key order-1002345678901", gateway.both()), 0));
    assert_eq!(found[0]["exchange"], gateway.ids[0].as_str());
    check_refused(
        &format!("search --journal {file} --key order-1"),
        "looked up by keyed hashes in this journal: give --key-file",
    );
    let found = lines(&run(&format!("search --format json {} --code 0000", gateway.both()), 0));
    assert_eq!((found.len(), &found[0]["exchange"]), (1, &gateway.ids[0].as_str().into()));
    check_refused(&format!("search --journal {file} --code 0000"), "response codes are looked up by keyed hashes");
    let (_, page) = gateway.bench.get("/v1/exchanges?code=0000").await;
    assert_eq!(page["exchanges"][0]["exchange"], gateway.ids[0].as_str());
    let (_, page) = gateway.bench.get("/v1/exchanges?idempotency_key=order-2").await;
    assert_eq!(page["exchanges"][0]["exchange"], gateway.ids[1].as_str());
    let codes = rusqlite::Connection::open(gateway.bench.journal()).unwrap();
    let plain = "SELECT count(*) FROM facts WHERE code IS NOT NULL AND code NOT LIKE 'hmac:%'";
    assert_eq!(codes.query_row(plain, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "no code stands in the file");
    let (_, again) = gateway.bench.transfer(&transfer("one"), Some("order-1002345678901")).await;
    assert_eq!(again["exchange"], gateway.ids[0].as_str());

    let config = gateway.bench.journal().with_file_name("gateway.toml");
    let show = format!("show {} --config {} {}", gateway.both(), config.display(), gateway.ids[0]);
    let shown = run(&show, 0);
    assert!(shown.contains("withdraw_account") && !shown.contains("1002345678901"), "{shown}");
    assert!(run(&format!("{show} --reveal"), 0).contains("1002345678901"));
    let shown = run(&format!("show --journal {file} {}", gateway.ids[0]), 0);
    assert!(
        shown.contains("the body is sealed with the key ") && shown.contains("and no key file was given"),
        "{shown}"
    );

    let verified = run(&format!("verify {}", gateway.both()), 0);
    assert!(verified.contains("exchanges: 2, of them running: 0; nothing wrong"), "{verified}");
    let verified = run(&format!("verify --journal {file}"), 0);
    assert!(verified.contains("bodies that were not checked, because no key file was given: "), "{verified}");
    let copy = gateway.copy("changed");
    sql(&copy, "UPDATE facts SET trace = '999999' WHERE class = 'request' AND outcome IS NULL");
    let verified = run(&format!("verify --journal {} --key-file {}", copy.display(), gateway.keys().display()), 1);
    assert!(verified.contains(": the body does not open with the key "), "{verified}");
    let rebuild = format!("rebuild --journal {}", copy.display());
    check_refused(&rebuild, "and no key file was given");
    check_refused(
        &format!("{rebuild} --key-file {}", gateway.keys().display()),
        ": the body does not open with the key ",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_changed_and_forgotten() {
    let gateway = Encrypted::new().await;
    let keys = gateway.keys().display().to_string();
    let first = run(&format!("keys --key-file {keys}"), 0)[..8].to_owned();
    run(&format!("new-key --key-file {keys}"), 0);
    let listed = run(&format!("keys --key-file {keys}"), 0);
    let states: Vec<&str> = listed.lines().map(|line| line[9..].split(" 20").next().unwrap()).collect();
    assert_eq!(states, ["opens, made", "seals and opens, made"], "{listed}");
    let secrets = std::fs::read_to_string(gateway.keys()).unwrap();
    let secrets = secrets.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next_back());
    assert!(secrets.into_iter().all(|secret| !listed.contains(secret)), "{listed}");

    let used = format!("rekey {}", gateway.both());
    check_refused(&used, "another gateway uses this journal");
    check_refused(&format!("rekey --journal {}", gateway.bench.journal().display()), "give --key-file, or --config");
    let copy = gateway.copy("copy");
    let of_copy = format!("--journal {} --key-file {keys}", copy.display());
    let before = run(&format!("export {of_copy}"), 0);
    let forget = format!("forget-key {first} {of_copy}");
    check_refused(&forget, &format!("the key {first} sealed facts less than 24 hours ago"));
    let rekeyed = run(&format!("rekey {of_copy}"), 0);
    assert!(rekeyed.contains(" facts are sealed with the newest key; the index was made again"), "{rekeyed}");
    assert_eq!(run(&format!("export {of_copy}"), 0), before);
    assert!(run(&format!("verify {of_copy}"), 0).contains("nothing wrong"));
    run(&forget, 0);
    assert_eq!(run(&format!("export {of_copy}"), 0), before, "no fact needs the old key");
    assert!(run(&format!("keys --key-file {keys}"), 0).starts_with(&format!("{first} forgotten 20")));

    // The journal of the gateway still has facts of the forgotten key.
    let output = journal(&format!("export {}", gateway.both()));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("facts were written without their bytes, from fact 1 on"), "{stderr}");
    let written = lines(&String::from_utf8(output.stdout).unwrap());
    assert!(written.len() == before.lines().count() && written.iter().all(|fact| fact.get("bytes").is_none()));
}

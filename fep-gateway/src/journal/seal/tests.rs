//! Sealed bodies and key files. The expected bytes were made by `testdata/seal.py` with another library.

use fep_protocol::exchange::TelegramBytes;
use fep_protocol::fact::{Class, Fact, What};
use fep_protocol::terms::Key;

use super::*;

const LOOKUP: &str = "lookup 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const KEY: &str =
    "key c5a5f8a8 2026-11-27T00:00:00.000Z 808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
const ASSOCIATED: &str = "0001000000080000000000000011010100000008000001a21a4d407b02020000000662616e6b2d61030200000004\
                          73656e74040200000007726571756573740802000000085472616e736665720902000000023137";
const SEALED: &str = "c5a5f8a8b0b1b2b3b4b5b6b7b8b9babb1351e704353846e59c9ae567f853b407c07be44ce5c78fc1063e6be6754b4b04d8b8\
                      d1379b06dee769fa0a310605a36adab043d50c6ec9e2eb7a1b6eadb0705f115e929c2448f9146186af952f13dbc8";
const JOURNAL: [u8; 16] = [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31];
const AT_MS: i64 = 1_795_737_600_123;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// A key file with this text that only its owner may read.
fn file(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("journal.keys");
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path
}

fn ring(folder: &tempfile::TempDir) -> KeyRing {
    KeyRing::read(&file(folder, &format!("{LOOKUP}\n{KEY}\n"))).unwrap()
}

#[test]
fn a_body_that_another_program_sealed_opens() {
    let folder = tempfile::tempdir().unwrap();
    let mut opener = Opener::new(Some(ring(&folder)), JOURNAL);
    let mut fact = Fact::new("bank-a".into(), AT_MS);
    opener.open(&bytes(SEALED), AT_MS, &bytes(ASSOCIATED)).unwrap().give(&mut fact);
    assert_eq!(fact.bytes, TelegramBytes::copy_of(b"0004abcd    "));
    assert_eq!(fact.key, Some(Key::new(["17", "1002345678901"])));
}

#[test]
fn keyed_hashes_are_those_of_another_program() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(&folder);
    let veil = ring.veil();
    assert_eq!(veil.idempotency("order-1"), "hmac:74dbde057f65311a2a13f98e50f31308");
    let key = Key::new(["17", "20261127"]);
    let veiled = veil.notice("bank-a", "DepositNotice", &key);
    assert_eq!(veiled, Key::new(["hmac:ced709f89e256c26a959112e6078f66c"]));
    assert_eq!(veil.notice("bank-a", "DepositNotice", &veiled), veiled, "a veiled key stays as it is");
    assert_ne!(veil.notice("bank-b", "DepositNotice", &key), veiled);
    assert_eq!(Veil::default().notice("bank-a", "DepositNotice", &key), key, "no key file, no hash");
}

#[test]
fn a_changed_bit_another_fact_another_journal_and_another_day_do_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let check = |journal, at_ms, sealed: &[u8], associated: &[u8]| {
        Opener::new(Some(ring(&folder)), journal).open(sealed, at_ms, associated).map(drop)
    };
    let sealed = bytes(SEALED);
    let associated = bytes(ASSOCIATED);
    let id = KeyId::read("c5a5f8a8").unwrap();
    let changed = Err(Unreadable::Changed(id));
    assert_eq!(check(JOURNAL, AT_MS, &sealed, &associated), Ok(()));
    for bit in 32..sealed.len() * 8 {
        let mut sealed = sealed.clone();
        sealed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(check(JOURNAL, AT_MS, &sealed, &associated), changed, "bit {bit}");
    }
    for bit in 0..associated.len() * 8 {
        let mut associated = associated.clone();
        associated[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(check(JOURNAL, AT_MS, &sealed, &associated), changed, "bit {bit} of the fact");
    }
    assert_eq!(check([0; 16], AT_MS, &sealed, &associated), changed);
    assert_eq!(check(JOURNAL, AT_MS + DAY_MS, &sealed, &associated), changed);
    for len in 0..32 {
        assert!(check(JOURNAL, AT_MS, &sealed[..len], &associated).is_err(), "{len} bytes");
    }
    let unknown = [&[1, 2, 3, 4], &sealed[4..]].concat();
    let other = KeyId::read("01020304").unwrap();
    assert_eq!(check(JOURNAL, AT_MS, &unknown, &associated), Err(Unreadable::NoKey(other)));
    let without = Opener::new(None, JOURNAL).open(&sealed, AT_MS, &associated).map(drop);
    assert_eq!(without, Err(Unreadable::NoKeyFile(id)));
}

#[test]
fn nothing_is_sealed_twice_in_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let mut sealer = Sealer::new(ring(&folder), JOURNAL).unwrap();
        for _ in 0..1000 {
            sealer.key_at(AT_MS).unwrap();
            let sealed = sealer.seal(&Body::default(), &[]).unwrap();
            assert!(seen.insert(sealed[4..16].to_vec()), "a nonce was used twice");
        }
    }
}

#[test]
fn a_mistake_in_a_key_file_is_named_by_its_line_and_never_shows_a_key() {
    let folder = tempfile::tempdir().unwrap();
    #[track_caller]
    fn check(folder: &tempfile::TempDir, text: &str, expected: &str) {
        let error = KeyRing::read(&file(folder, text)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("0102030405") && !error.contains("8283848586"), "{error}");
    }
    check(&folder, "", "there is no line `lookup KEY`: this is not a key file");
    check(&folder, LOOKUP, "there is no key: `fep-gateway journal new-key` adds one");
    check(&folder, KEY, "there is no line `lookup KEY`");
    check(&folder, &format!("{LOOKUP}\n{LOOKUP}\n{KEY}"), "line 2: expected one line `lookup KEY`");
    check(&folder, &format!("{LOOKUP}\n\n{KEY}\n{KEY}"), "line 4: the key c5a5f8a8 is there twice");
    check(
        &folder,
        &format!("{LOOKUP}\n{}", KEY.replace("8182", "8183")),
        "line 2: the key does not have the ID c5a5f8a8",
    );
    check(&folder, &format!("{LOOKUP}\n{KEY}0"), "line 2: a key is 64 hexadecimal digits");
    check(&folder, &format!("{}\n{KEY}", LOOKUP.replace("00", "g0")), "line 1: a key is 64 hexadecimal digits");
    check(&folder, &format!("{LOOKUP}\n{}", KEY.replace("11-27", "13-27")), "line 2: a time is written");
    check(&folder, &format!("{LOOKUP}\n{KEY} more"), "line 2: expected one line");
    let endless = "# comment\n".repeat(300_000);
    check(&folder, &endless, "so it is not a key file");
    let missing = KeyRing::read(Path::new("/nowhere/journal.keys")).unwrap_err().to_string();
    assert!(missing.starts_with("/nowhere/journal.keys: "), "{missing}");
    let ring = ring(&folder);
    let shown = format!("{ring:?} {:?} {:?}", Sealer::new(ring.clone(), JOURNAL).unwrap(), ring.list());
    assert!(!shown.contains("8182") && !shown.contains("0102") && !shown.contains("129, 130"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_use_is_refused_and_a_new_one_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.keys");
    new_key(&path, AT_MS).unwrap();
    new_key(&path, AT_MS).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o604, 0o640, 0o660, 0o620, 0o601] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let error = KeyRing::read(&path).unwrap_err().to_string();
        let expected = format!("others than its owner may use this key file (its mode is {mode:04o}): chmod 0600 it");
        assert!(error.ends_with(&expected), "{error}");
    }
}

#[test]
fn the_newest_key_seals_and_a_forgotten_one_stays_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.keys");
    let first = new_key(&path, 0).unwrap();
    let ring = KeyRing::read(&path).unwrap();
    let mut sealer = Sealer::new(ring, JOURNAL).unwrap();
    assert_eq!(sealer.key_at(AT_MS), Ok(first));
    let old = sealer.seal(&Body::default(), b"fact").unwrap();
    let second = new_key(&path, 0).unwrap();
    assert_eq!(sealer.key_at(AT_MS), Ok(first), "the same day");
    assert_eq!(sealer.key_at(AT_MS + DAY_MS), Ok(second), "the next day, without a restart");
    let new = sealer.seal(&Body::default(), b"fact").unwrap();
    let mut opener = Opener::new(Some(KeyRing::read(&path).unwrap()), JOURNAL);
    assert!(opener.open(&old, AT_MS, b"fact").is_ok() && opener.open(&new, AT_MS + DAY_MS, b"fact").is_ok());

    let error = forget_key(&path, second, 7).unwrap_err().to_string();
    assert!(error.contains(&format!("the key {second} seals new facts: add a new key first")), "{error}");
    forget_key(&path, first, 7).unwrap();
    let ring = KeyRing::read(&path).unwrap();
    let listed: Vec<_> = ring.list().iter().map(|key| (key.id, key.at_ms, key.state)).collect();
    assert_eq!(listed, [(first, 7, KeyState::Forgotten), (second, 0, KeyState::Seals)]);
    let mut opener = Opener::new(Some(ring), JOURNAL);
    assert_eq!(opener.open(&old, AT_MS, b"fact").map(drop), Err(Unreadable::Forgotten(first)));
    let error = forget_key(&path, first, 7).unwrap_err().to_string();
    assert!(error.contains(&format!("there is no key {first}")), "{error}");
}

#[test]
fn a_key_file_that_is_broken_while_the_gateway_runs_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.keys");
    let first = new_key(&path, 0).unwrap();
    let mut sealer = Sealer::new(KeyRing::read(&path).unwrap(), JOURNAL).unwrap();
    sealer.key_at(AT_MS).unwrap();
    for text in ["", "key", &format!("{LOOKUP}\n{KEY}\n")] {
        file(&folder, text);
        assert_eq!(sealer.key_at(AT_MS + DAY_MS), Ok(first), "{text}");
        assert_eq!(sealer.key_at(AT_MS), Ok(first), "{text}");
    }
}

#[test]
fn a_body_has_what_telegrams_and_persons_say_and_comes_back() {
    let whole = Fact {
        key: Some(Key::new(["17", "secret"])),
        bytes: TelegramBytes::copy_of(b"secret"),
        settlement: Some(Box::new(fep_protocol::settlement::SettlementFact::Asked {
            step: fep_protocol::settlement::StepKind::Inquiry,
            person: "secret".to_owned(),
            note: "secret".to_owned(),
        })),
        ..Fact::new("bank-a".into(), AT_MS)
    };
    let mut open = whole.clone();
    let body = Body::take(&mut open);
    assert!(!format!("{open:?}").contains("secret") && open.bytes.is_empty() && open.key.is_none());
    let read = Body::from_bytes(&body.to_bytes()).unwrap();
    read.give(&mut open);
    assert_eq!(open, whole);
    for wrong in [&[4, 0, 0, 0, 0][..], &[1, 0, 0, 0, 2, 7], &[2, 0, 0, 0, 1, b'x'], &[1, 0, 0]] {
        assert!(Body::from_bytes(wrong).is_none(), "{wrong:?}");
    }
    let notice = Veil::new(&[7; 32]);
    let mut fact = Fact { what: What::Received(Class::Notice), telegram: Some("DepositNotice".into()), ..whole };
    notice.fact(&mut fact);
    let veiled = fact.key.clone();
    let _ = Body::take(&mut fact);
    assert_eq!(fact.key, veiled, "the key of a notice is looked up, so it is a hash and stays open");
}

//! Files by telegrams, against other sides whose telegrams are written by hand from the table of `file-a`, byte by byte.

mod bank;
mod peer;
mod receiving;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fep_gateway::file_transfer::{self, Checked, Ended, Finished, Plan, Received, Receiver, SendError};
use fep_protocol::file_transfer::{Asked, Fate};
use tempfile::TempDir;

use self::bank::{Bank, Manner};
use self::peer::telegram;

/// 2026-11-30T09:05:07+09:00, by `date -d`.
const NOW_MS: i64 = 1_795_997_107_000;

/// The protocol, with pieces of 4 bytes and blocks of 3 pieces.
const PROTOCOL: &str = r#"
spec    = "file-a.toml"
answer_timeout_ms = 2000
idle_timeout_ms = 2000
file_max_bytes = 1000
set     = { "header.institution" = "20260001", "header.file_name" = "{file}", "header.response_code" = "000", sent_at = "{MMDDhhmmss}" }
[answers]
code       = "header.response_code"
ok         = "000"
there      = "630"
other      = "030"
incomplete = "092"
refused    = "900"
[start]
telegram = "Work"
when     = { management = "001" }
set      = { sender = "FEP", password = { file = "password.txt" } }
expect   = { password = { file = "password.txt" } }
[offer]
telegram    = "FileInfo"
name        = "file_name"
size        = "file_size"
piece_bytes = "telegram_bytes"
[data]
telegram = "Data"
again    = "MissingData"
block    = "block_no"
sequence = "sequence_no"
data     = "data"
bytes    = 4
pieces   = 3
[check]
telegram = "Check"
block    = "block_no"
last     = "last_sequence"
count    = "missing_count"
missing  = "missing"
marks    = { here = "1", missing = "0" }
rounds_max = 3
[end_of_file]
telegram = "Work"
when     = { management = "003" }
[end]
telegram = "Work"
when     = { management = "004" }
"#;

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file-a.toml"), include_str!("../../specs/file-a/file-a.toml")).unwrap();
        let password = folder.path().join("password.txt");
        std::fs::write(&password, "s3cret\n").unwrap();
        std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn plan(&self, line: &str) -> Arc<Plan> {
        let path = self.write("plan.toml", format!("{line}\n{PROTOCOL}").as_bytes());
        Arc::new(Plan::load(&path).unwrap_or_else(|error| panic!("{error}")))
    }

    fn plan_to(&self, address: &str) -> Arc<Plan> {
        self.plan(&format!("connect = \"{address}\""))
    }

    async fn send(&self, plan: &Arc<Plan>, file: &Path) -> Result<Ended, SendError> {
        self.send_as(plan, file, None, &mut |_, _| {}).await
    }

    async fn send_as(
        &self,
        plan: &Arc<Plan>,
        file: &Path,
        name: Option<&str>,
        seen: &mut (dyn FnMut(u64, &Checked) + Send),
    ) -> Result<Ended, SendError> {
        file_transfer::send(plan, file, name, &|| NOW_MS, seen, std::future::pending()).await
    }

    /// A receiver and its address.
    async fn receiver(&self) -> (Receiver, String) {
        self.receiver_of(&self.plan("listen = \"127.0.0.1:0\"")).await
    }

    async fn receiver_of(&self, plan: &Arc<Plan>) -> (Receiver, String) {
        std::fs::create_dir_all(self.path("into")).unwrap();
        let told = self.path("told");
        let tell = move |_: &str, file: &Finished| {
            let line = format!("{} {}\n", file.path.file_name().unwrap().display(), file.bytes);
            std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&told)
                .unwrap()
                .write_all(line.as_bytes())
                .unwrap();
        };
        let receiver = Receiver::new(plan, &self.path("into"), Arc::new(|| NOW_MS), Arc::new(tell)).await.unwrap();
        let address = receiver.listens().unwrap().to_string();
        (receiver, address)
    }

    fn received(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("into")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != ".received.jsonl");
        names.sort();
        names
    }
}

async fn served(receiver: &Receiver) -> Received {
    let incoming = receiver.next().await.unwrap();
    receiver.serve(incoming).await
}

/// 22 bytes: two blocks, of which the second one has three pieces, the last one of 2 bytes.
const FILE: &[u8] = b"AAAABBBBCCCC\xC8\xAB\xB1\xE6EEEEFF";

#[tokio::test]
async fn a_file_is_sent_as_the_table_says_and_what_is_missing_is_sent_again() {
    let desk = Desk::new();
    let file = desk.write("EB131130", FILE);
    let bank = Bank::start(&[Manner::Loses(1, &[2, 3]), Manner::Loses(2, &[3])]).await;
    let plan = desk.plan_to(&bank.address);
    let ended = desk.send(&plan, &file).await.unwrap();
    assert_eq!((&ended.fate, &ended.broken, ended.pieces), (&Fate::Complete, &None, 9));
    let came = bank.end().await;
    let head = |code: &str| format!("FTE20260001{code}EB131130        000");
    let work = |management: &str, sender: &str, password: &str| {
        telegram(&format!("{}{management}{sender:20}{password:16}1130090507", head("0600")))
    };
    let data = |code: &str, block: u32, sequence: u32, bytes: &[u8]| {
        let head = format!("{}{block:04}{sequence:03}{:04}", head(code), bytes.len());
        let mut telegram = format!("{:04}", head.len() + bytes.len()).into_bytes();
        telegram.extend_from_slice(head.as_bytes());
        telegram.extend_from_slice(bytes);
        telegram
    };
    let check = |block: u32| telegram(&format!("{}{block:04}003", head("0620")));
    let wanted = [
        work("001", "FEP", "s3cret"),
        telegram(&format!("{}EB131130        0000000000220004", head("0630"))),
        data("0320", 1, 1, b"AAAA"),
        data("0320", 1, 2, b"BBBB"),
        data("0320", 1, 3, b"CCCC"),
        check(1),
        data("0310", 1, 2, b"BBBB"),
        data("0310", 1, 3, b"CCCC"),
        check(1),
        data("0320", 2, 1, b"\xC8\xAB\xB1\xE6"),
        data("0320", 2, 2, b"EEEE"),
        data("0320", 2, 3, b"FF"),
        check(2),
        data("0310", 2, 3, b"FF"),
        check(2),
        work("003", "", ""),
        work("004", "", ""),
    ];
    for (number, (came, wanted)) in came.iter().zip(&wanted).enumerate() {
        assert_eq!(String::from_utf8_lossy(came), String::from_utf8_lossy(wanted), "telegram {number}");
    }
    assert_eq!(came.len(), wanted.len());
}

#[tokio::test]
async fn an_end_without_an_answer_is_unknown_until_the_bank_says_whether_it_has_the_file() {
    let desk = Desk::new();
    let file = desk.write("EB131130", FILE);
    let unknown = || Fate::Unknown { code: None };
    let fate = async |manner: Manner| {
        let bank = Bank::start(&[manner]).await;
        let ended = desk.send(&desk.plan_to(&bank.address), &file).await.unwrap();
        (ended.fate, bank.end().await.len())
    };
    assert_eq!(fate(Manner::HangsUpAt("0320")).await, (Fate::NotComplete, 3));
    assert_eq!(fate(Manner::HangsUpAt("0600003")).await, (Fate::Unknown { code: None }, 11));
    // Nobody learns anything from a bank that is not there.
    let ended = desk.send(&desk.plan_to("127.0.0.1:1"), &file).await.unwrap();
    assert_eq!(ended.fate, unknown());
    assert!(ended.broken.unwrap().to_string().starts_with("no connection: 127.0.0.1:1"));
    let other = desk.path("other");
    std::fs::create_dir(&other).unwrap();
    let other = other.join("EB131130");
    std::fs::write(&other, b"another file").unwrap();
    let error = desk.send(&desk.plan_to("127.0.0.1:1"), &other).await.unwrap_err().to_string();
    assert!(error.starts_with("another file was sent under this name on 2026-11-30"), "{error}");
    // The bank takes the offer: it does not have the file, so all of it is sent again.
    assert_eq!(fate(Manner::HangsUpAt("0600003")).await, (Fate::Unknown { code: None }, 11));
    assert_eq!(fate(Manner::Has).await, (Fate::Complete, 3));
    let ended = desk.send(&desk.plan_to("127.0.0.1:1"), &file).await.unwrap();
    assert_eq!((ended.fate, ended.before), (Fate::Complete, true));
}

#[tokio::test]
async fn what_the_bank_says_is_told_and_nothing_is_called_complete_that_is_not() {
    let desk = Desk::new();
    let refused = |asked, code: &str| Fate::Refused { asked, code: code.to_owned() };
    for (manner, fate) in [
        (Manner::Has, Fate::There),
        (Manner::Refuses("0600001"), refused(Asked::Start, "900")),
        (Manner::Refuses("0630"), refused(Asked::Offer, "900")),
        (Manner::Refuses("0600003"), refused(Asked::EndOfFile, "900")),
        (Manner::LosesAlways(1, 2), Fate::Missing { block: 1, count: 1 }),
        (Manner::SaysOtherCount, Fate::NotComplete),
        (Manner::AnswersOtherBlock, Fate::NotComplete),
        (Manner::Silent("0620"), Fate::NotComplete),
        (Manner::Rubbish, Fate::NotComplete),
        (Manner::Says("0600003", "630"), Fate::Unknown { code: None }),
        (Manner::AnswersEarly, Fate::NotComplete),
        (Manner::Says("0600003", "777"), Fate::Unknown { code: Some("777".to_owned()) }),
    ] {
        let ledger = desk.path("F1.sent.jsonl");
        if ledger.exists() {
            std::fs::remove_file(ledger).unwrap();
        }
        let file =
            desk.write(&format!("F{manner:?}").replace(|letter: char| !letter.is_ascii_alphanumeric(), ""), FILE);
        let bank = Bank::start(&[manner]).await;
        let sent = desk.send_as(&desk.plan_to(&bank.address), &file, Some("F1"), &mut |_, _| {}).await;
        let ended = sent.unwrap();
        assert_eq!(ended.fate, fate, "{manner:?}: {:?}", ended.broken);
        let reason = ended.broken.map(|broken| broken.to_string()).unwrap_or_default();
        match manner {
            Manner::SaysOtherCount => {
                assert_eq!(reason, "`missing_count` says that 2 pieces are missing, and `missing` marks 0");
            }
            Manner::AnswersOtherBlock => {
                assert_eq!(reason, "CheckAnswer came with 9 in `block_no`, but 1 was asked");
            }
            Manner::AnswersEarly => assert_eq!(reason, "the other side sent something before it was asked"),
            Manner::Silent(_) => assert_eq!(reason, "nothing came within 2000 ms"),
            _ => {}
        }
        assert!(!reason.contains("s3cret"));
        drop(bank);
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_not_ended() {
    let desk = Desk::new();
    let file = desk.write("EB131130", FILE);
    let bank = Bank::start(&[]).await;
    let plan = desk.plan_to(&bank.address);
    let mut changes = |block: u64, _: &Checked| {
        if block == 1 {
            std::fs::write(&file, FILE.to_ascii_lowercase()).unwrap();
        }
    };
    let ended = desk.send_as(&plan, &file, None, &mut changes).await.unwrap();
    assert_eq!(ended.fate, Fate::NotComplete);
    assert!(ended.broken.unwrap().to_string().contains("the file changed while it was sent"));
    let came = bank.end().await;
    assert!(came.iter().all(|telegram| !telegram.windows(7).any(|bytes| bytes == b"000003 ")), "its end is not told");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_sent() {
    let desk = Desk::new();
    let check = |name: &str, bytes: &[u8]| {
        let file = desk.write(name, bytes);
        file_transfer::check(&desk.plan_to("127.0.0.1:1"), &file, None, NOW_MS).map_err(|error| error.to_string())
    };
    assert_eq!(check("EB131130", FILE).unwrap().blocks, 2);
    let error = check("too-large", &[0; 1001]).unwrap_err();
    assert!(error.ends_with("it has 1001 bytes, and `file_max_bytes` is 1000"), "{error}");
    let error = check("a-name-of-more-than-16", b"").unwrap_err();
    assert!(error.contains("[start] Work") && error.contains("needs 22 bytes, the field has 16"), "{error}");
    let error = check("이름", b"").unwrap_err();
    assert!(error.contains("give one with --name"), "{error}");
    let error = file_transfer::check(&desk.plan_to("127.0.0.1:1"), Path::new("/dev/zero"), None, NOW_MS).unwrap_err();
    assert_eq!(error.to_string(), "/dev/zero: it is no regular file");
    let missing = desk.plan("connect = \"127.0.0.1:1\"\nfolder = \"none\"");
    let file = desk.write("EB131130", FILE);
    let error = file_transfer::check(&missing, &file, None, NOW_MS).unwrap_err().to_string();
    assert!(error.contains("none, the `folder` of the plan: "), "{error}");
    // 10,000 blocks have a number of five digits.
    let text = PROTOCOL.replace("file_max_bytes = 1000", "").replace("pieces   = 3", "pieces   = 1");
    let plan = desk.write("plan.toml", format!("connect = \"127.0.0.1:1\"\n{text}").as_bytes());
    let plan = Arc::new(Plan::load(&plan).unwrap());
    let long = desk.write("long", &[0; 39_997]);
    let error = file_transfer::check(&plan, &long, None, NOW_MS).unwrap_err().to_string();
    assert!(error.contains("with 10000 blocks") && error.contains("block_no"), "{error}");
    let fits = desk.write("long", &[0; 39_996]);
    assert_eq!(file_transfer::check(&plan, &fits, None, NOW_MS).unwrap().blocks, 9999);
}

#[tokio::test]
async fn both_sides_of_a_plan_understand_each_other_over_tls() {
    let desk = Desk::new();
    let folder = desk.path("certificates");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_fep-gateway"))
        .arg("test-certificates")
        .arg(&folder)
        .args(["--name", "localhost"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let listens = "listen = \"127.0.0.1:0\"\ntls = { client_ca = \"certificates/ca.pem\", cert = \"certificates/bank.pem\", key = \"certificates/bank.key\" }";
    let plan = desk.plan(listens);
    let (receiver, address) = desk.receiver_of(&plan).await;
    let port = address.rsplit_once(':').unwrap().1.to_owned();
    let own = "cert = \"certificates/gateway.pem\", key = \"certificates/gateway.key\"";
    let to = desk.plan(&format!("connect = \"localhost:{port}\"\ntls = {{ ca = \"certificates/ca.pem\", {own} }}"));
    let bytes: Vec<u8> = (0..=255_u8).cycle().take(999).collect();
    let file = desk.write("EB131130", &bytes);
    let (received, sent) = tokio::join!(served(&receiver), desk.send(&to, &file));
    assert_eq!(sent.unwrap().fate, Fate::Complete);
    assert_eq!(received.broken, None);
    assert_eq!(std::fs::read(desk.path("into/EB131130")).unwrap(), bytes);
}

#[tokio::test]
async fn a_run_that_learns_nothing_leaves_the_file_unknown_and_a_stop_is_told() {
    let desk = Desk::new();
    let file = desk.write("EB131130", FILE);
    let run = async |manner: Manner| {
        let bank = Bank::start(&[manner]).await;
        desk.send(&desk.plan_to(&bank.address), &file).await.unwrap().fate
    };
    let unknown = |code: Option<&str>| Fate::Unknown { code: code.map(str::to_owned) };
    assert_eq!(run(Manner::HangsUpAt("0600003")).await, unknown(None));
    assert_eq!(
        run(Manner::Refuses("0600001")).await,
        unknown(Some("900")),
        "it may have the file since the run before"
    );
    assert_eq!(run(Manner::Refuses("0630")).await, unknown(Some("900")));
    assert_eq!(run(Manner::Silent("0600001")).await, unknown(None));

    let bank = Bank::start(&[Manner::Silent("0600003")]).await;
    let plan = desk.plan_to(&bank.address);
    let stops = tokio::time::sleep(std::time::Duration::from_millis(500));
    let ended = file_transfer::send(&plan, &file, None, &|| NOW_MS, &mut |_, _| {}, stops).await.unwrap();
    assert_eq!(ended.fate, unknown(None));
    assert_eq!(ended.broken.unwrap().to_string(), "the command was told to stop");
    assert_eq!(
        run(Manner::Refuses("0600003")).await,
        Fate::Refused { asked: Asked::EndOfFile, code: "900".to_owned() }
    );
}

//! A journal moves from a file into a database: nothing is lost, no gateway opens two of them, and an interrupted copy goes on.

use std::path::{Path, PathBuf};

use fep_protocol::exchange::Outcome;
use fep_protocol::fact::{Class, Fact, What};
use fep_protocol::reason::JournalError;
use fep_protocol::trace::TraceHighWater;
use tempfile::TempDir;

use crate::config::PostgresConfig;
use crate::journal::copy::{Copied, copy};
use crate::journal::mark::Mark;
use crate::journal::postgres::copy::{Copying, Progress};
use crate::journal::postgres::testing::Schema;
use crate::journal::postgres::tests::{facts, lane, open};
use crate::journal::reading::{JournalFiles, JournalPlace};
use crate::journal::seal::{KeyRing, new_key};
use crate::journal::stored::StoredFact;
use crate::journal::tests::{answer, ending, fact, keyed, options, request, store};
use crate::journal::{OpenOptions, audit};

const NOW_MS: i64 = 1_795_000_001_000;

struct Move {
    folder: TempDir,
    settings: PostgresConfig,
    key_file: Option<PathBuf>,
}

impl Move {
    /// A file with a journal of some exchanges.
    async fn with_file(schema: &Schema, is_encrypted: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key_file = is_encrypted.then(|| {
            let path = folder.path().join("journal.keys");
            new_key(&path, NOW_MS).unwrap();
            path
        });
        let own = Self { folder, settings: schema.config("seoul-1"), key_file };
        let opened = open(own.on_file()).await.unwrap();
        let lane = lane(&opened);
        let marks =
            Fact { what: What::Traces(TraceHighWater { day: 20_783, high: 4100 }), ..fact(What::Outcome, None) };
        store(&lane, [marks]).await;
        store(&lane, (1..=700).map(|serial| keyed(serial, &format!("key-{serial}"), 1))).await;
        store(&lane, [answer(1, Class::Answer, b"yes\0\xFF"), ending(2, Outcome::NotSent)]).await;
        store(&lane, [Fact { reason: None, telegram: Some("␀0\0".into()), ..request(701) }]).await;
        opened.journal.close().await;
        drop(opened);
        let id = JournalFiles::open(&[own.path()], None).unwrap().journal_id();
        Mark::of(&own.path(), id).unwrap().set(650).unwrap();
        own
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    fn on_file(&self) -> OpenOptions {
        OpenOptions { key_file: self.key_file.clone(), ..options(&self.path()) }
    }

    fn on_database(&self, path: &Path) -> OpenOptions {
        OpenOptions { postgres: Some(self.settings.clone()), key_file: self.key_file.clone(), ..options(path) }
    }

    fn copy(&self) -> Result<Copied, JournalError> {
        let copied = || copy(&[self.path()], &self.settings, false, NOW_MS);
        std::thread::scope(|scope| scope.spawn(copied).join().unwrap())
    }

    /// Copies some facts, and stops.
    fn begin(&self, count: usize) {
        let begin = || {
            let file =
                crate::journal::sqlite::facts::FactReader::open_existing(&self.path(), &Default::default()).unwrap();
            let id = JournalFiles::open(&[self.path()], None).unwrap().journal_id();
            let Progress::Copying(mut copying) = Copying::begin(&self.settings, (id, false), 0).unwrap() else {
                panic!("it is complete")
            };
            let mut piece = Vec::new();
            file.stored(0, (u32::try_from(count).unwrap(), usize::MAX), |columns| piece.push(StoredFact::of(columns)))
                .unwrap();
            copying.store(&piece).unwrap();
        };
        std::thread::scope(|scope| scope.spawn(begin).join().unwrap());
    }
}

async fn refused(options: OpenOptions) -> String {
    open(options).await.err().unwrap().to_string()
}

/// What verify finds in the database, and how many facts there are.
fn verified(settings: &PostgresConfig, path: &Path, keys: Option<&Path>) -> (Vec<String>, u64) {
    let verify = || {
        let place = JournalPlace::Database { settings: Box::new(settings.clone()), path: path.to_owned() };
        let keys = keys.map(|path| KeyRing::read(path).unwrap());
        let mut findings = Vec::new();
        let audit = audit::verify(&place, keys.as_ref(), |finding| {
            findings.push(finding.to_owned());
            Ok::<_, JournalError>(())
        });
        (findings, audit.unwrap().facts)
    };
    std::thread::scope(|scope| scope.spawn(verify).join().unwrap())
}

#[tokio::test]
async fn a_moved_journal_goes_on_in_the_database_and_nowhere_else() {
    for is_encrypted in [false, true] {
        let Some(schema) = Schema::new() else { return };
        let moved = Move::with_file(&schema, is_encrypted).await;
        let before = facts_of(&moved.path(), moved.key_file.as_deref());
        let why = refused(moved.on_database(&moved.path())).await;
        assert!(why.contains("has a journal with 704 facts that were not moved"), "{why}");

        let copied = moved.copy().unwrap();
        assert_eq!((copied.last, copied.facts, copied.was_complete), (704, 704, false));
        assert!(moved.copy().unwrap().was_complete);
        let why = refused(moved.on_file()).await;
        assert!(why.contains("this journal was moved to the database postgres on 127.0.0.1"), "{why}");
        // The file stays as it is for those who read it.
        assert_eq!(facts_of(&moved.path(), moved.key_file.as_deref()), before);

        let opened = open(moved.on_database(&moved.path())).await.unwrap();
        let there = facts(&opened.journal).await;
        let same = there
            .iter()
            .zip(&before)
            .all(|((number, there), (own, here))| number == own && *here == Fact { instance: None, ..there.clone() });
        assert!(same && there.len() >= before.len(), "a fact changed");
        assert_eq!(opened.high_waters, [("bank-a".to_owned(), TraceHighWater { day: 20_783, high: 4100 })]);
        assert_eq!(opened.journal.published(), Some(650));
        // The key of what was not sent is free, the others are not, also for another gateway.
        let lane = lane(&opened);
        let failed = store(&lane, [keyed(801, "key-2", 1), keyed(802, "key-3", 1), request(803)]).await;
        assert_eq!(failed.iter().map(|(_, why)| why.clone()).collect::<Vec<_>>(), [JournalError::KeyTaken]);
        opened.journal.close().await;
        drop(opened);
        let elsewhere = moved.folder.path().join("elsewhere.sqlite");
        open(moved.on_database(&elsewhere)).await.unwrap().journal.close().await;
        for path in [moved.path(), elsewhere] {
            let (findings, facts) = verified(&moved.settings, &path, moved.key_file.as_deref());
            assert_eq!(findings, Vec::<String>::new(), "{}", path.display());
            assert!(facts >= 706);
        }
    }
}

#[tokio::test]
async fn a_copy_that_was_interrupted_opens_no_gateway_and_goes_on() {
    let Some(schema) = Schema::new() else { return };
    let moved = Move::with_file(&schema, false).await;
    moved.begin(300);
    let why = refused(moved.on_database(&moved.folder.path().join("elsewhere.sqlite"))).await;
    assert!(why.contains("run `fep-gateway journal copy` again, or drop the schema"), "{why}");
    // The file may go on meanwhile.
    let opened = open(moved.on_file()).await.unwrap();
    store(&lane(&opened), [request(900)]).await;
    opened.journal.close().await;
    drop(opened);
    let copied = moved.copy().unwrap();
    assert!(copied.last > 704 && copied.facts == copied.last, "{copied:?}");
    open(moved.on_database(&moved.path())).await.unwrap().journal.close().await;
}

#[tokio::test]
async fn a_copy_that_differs_or_has_no_room_is_refused() {
    let Some(schema) = Schema::new() else { return };
    let moved = Move::with_file(&schema, false).await;
    let opened = open(moved.on_file()).await.unwrap();
    assert!(moved.copy().unwrap_err().to_string().contains("another gateway uses this journal"));
    opened.journal.close().await;
    drop(opened);
    moved.begin(300);
    schema.execute("UPDATE facts SET trace = '1' || coalesce(trace, '') WHERE number = 200");
    let why = moved.copy().unwrap_err().to_string();
    assert!(why.contains("its fact 200 is not that of the file"), "{why}");
    open(moved.on_file()).await.unwrap().journal.close().await;

    let Some(schema) = Schema::new() else { return };
    let other = Move { settings: schema.config("seoul-1"), ..moved };
    let elsewhere = other.folder.path().join("elsewhere.sqlite");
    let opened = open(other.on_database(&elsewhere)).await.unwrap();
    let wait = other.copy().unwrap_err().to_string();
    assert!(wait.contains("a gateway writes it") || wait.contains("another gateway uses"), "{wait}");
    store(&lane(&opened), [request(1)]).await;
    opened.journal.close().await;
    let why = other.copy().unwrap_err().to_string();
    assert!(why.contains("it has a journal of its own with 1 facts"), "{why}");
}

fn facts_of(path: &Path, key_file: Option<&Path>) -> Vec<(u64, Fact)> {
    let keys = key_file.map(|path| KeyRing::read(path).unwrap());
    let mut files = JournalFiles::open(&[path.to_owned()], keys.as_ref()).unwrap();
    files.next_page().unwrap()
}

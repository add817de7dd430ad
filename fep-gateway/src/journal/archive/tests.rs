//! Archiving against real files, from every state in which a crash can leave them.

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::journal::mark::Mark;
use crate::journal::sqlite::facts::Facts;
use crate::journal::sqlite::index::IndexFile;
use crate::journal::store::FactStore;

/// A journal with 15 facts, one each 8 hours from 2026-11-20T09:00:00+09:00 on, and a folder for archives.
///
/// | facts | day in Korea |
/// |---|---|
/// | 1, 2 | 2026-11-20 |
/// | 3 to 5 | 2026-11-21 |
/// | 6 to 8 | 2026-11-22 |
/// | 9 to 11 | 2026-11-23 |
/// | 12 to 14 | 2026-11-24 |
/// | 15 | 2026-11-25 |
struct Files {
    folder: TempDir,
}

/// 2026-11-20T09:00:00+09:00, by `date -d … +%s`.
const FIRST_MS: i64 = 1_795_132_800_000;

/// 2026-11-25T12:00:00+09:00.
const NOW_MS: i64 = 1_795_575_600_000;

impl Files {
    fn new() -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        drop(Facts::open(&files.journal(), None).unwrap());
        files.sql(&format!(
            "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 14)
             INSERT INTO facts (at_ms, institution, kind, class, bytes)
             SELECT {FIRST_MS} + n * 28800000, 'bank-a', 'received', 'notice', randomblob(100) FROM n"
        ));
        files
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    fn archive(&self, name: &str) -> PathBuf {
        self.folder.path().join("archive").join(name)
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.journal()).unwrap().execute_batch(sql).unwrap();
    }

    /// Runs the archiver once, and then what the writer does.
    fn run(&self, after_days: u32) -> Result<(), JournalError> {
        let options = ArchiveConfig { folder: self.archive(""), after_days, utc_offset_minutes: 540, keep_days: None };
        let archives = Archives::new(&self.journal(), &options, &Access::default()).unwrap();
        let archiver = Archiver {
            mark: Arc::new(Mark::of(&self.journal(), [0; 16]).unwrap()),
            archives,
            options,
            started: (Instant::now(), NOW_MS),
            earlier_ms: None,
            index: Arc::new(IndexQueue::new(15)),
            archived: Arc::default(),
            bell: Arc::default(),
            stop: Arc::default(),
            ground: Ground::default(),
        };
        archiver.archive()?;
        let mut writer = Facts::open(&self.journal(), None).unwrap();
        while writer.remove_archived(archiver.archived.load(Ordering::Relaxed), 2).unwrap() > 0 {}
        Ok(())
    }

    /// The names of the archives with their first and last facts, then those of the journal.
    fn content(&self) -> String {
        let mut names: Vec<_> =
            std::fs::read_dir(self.archive("")).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names.push(self.journal());
        let range = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let numbers = JournalFiles::open(std::slice::from_ref(path), None).unwrap().next_page().unwrap();
            format!("{} {}-{}", name, numbers.first().unwrap().0, numbers.last().unwrap().0)
        };
        names.iter().map(range).collect::<Vec<_>>().join(", ")
    }

    fn facts(&self) -> Vec<(FactNumber, Fact)> {
        let mut files = JournalFiles::open(&[self.archive(""), self.journal()], None).unwrap();
        let pages = std::iter::from_fn(|| Some(files.next_page().unwrap()).filter(|page| !page.is_empty()));
        pages.flatten().collect()
    }
}

const THREE_DAYS: &str = "journal-2026-11-20.sqlite 1-2, journal-2026-11-21.sqlite 3-5, journal-2026-11-22.sqlite 6-8, \
                          journal.sqlite 9-15";

/// Archives a state that a crash can leave. All facts must be there afterwards, each once.
#[track_caller]
fn check(what: &str, damage: impl FnOnce(&Files), content: &str) {
    let files = Files::new();
    let before = JournalFiles::open(&[files.journal()], None).unwrap().next_page().unwrap();
    std::fs::create_dir(files.archive("")).unwrap();
    damage(&files);
    files.run(2).unwrap();
    assert_eq!(files.content(), content, "{what}");
    assert!(files.facts() == before, "{what}");
}

#[test]
fn a_crash_at_any_step_loses_and_doubles_nothing() {
    check("no crash", |_| {}, THREE_DAYS);
    let half = |files: &Files| {
        std::fs::write(files.archive("journal-2026-11-20.sqlite.new"), "half a page").unwrap();
        std::fs::write(files.archive("journal-2026-11-20.sqlite.new-journal"), "half a page").unwrap();
    };
    check("while an archive is copied", half, THREE_DAYS);
    let undeleted = |files: &Files| {
        let copy = files.folder.path().join("before.db");
        files.sql(&format!("VACUUM INTO '{}'", copy.display()));
        files.run(2).unwrap();
        std::fs::rename(copy, files.journal()).unwrap();
    };
    check("before anything is removed", undeleted, THREE_DAYS);
    let partly = |files: &Files| {
        undeleted(files);
        files.sql("DELETE FROM facts WHERE number <= 4");
    };
    check("while facts are removed", partly, THREE_DAYS);
    let first_only = |files: &Files| {
        undeleted(files);
        std::fs::remove_file(files.archive("journal-2026-11-22.sqlite")).unwrap();
    };
    check("between two archives", first_only, THREE_DAYS);
}

#[cfg(unix)]
#[test]
fn an_archive_has_the_permissions_of_its_journal() {
    use std::os::unix::fs::PermissionsExt;
    let files = Files::new();
    std::fs::set_permissions(files.journal(), std::fs::Permissions::from_mode(0o640)).unwrap();
    files.run(2).unwrap();
    let mode = std::fs::metadata(files.archive("journal-2026-11-20.sqlite")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn the_newest_fact_stays_so_that_numbers_go_on() {
    let files = Files::new();
    files.sql("DELETE FROM facts WHERE number > 2");
    files.run(1).unwrap();
    assert_eq!(files.content(), "journal-2026-11-20.sqlite 1-1, journal.sqlite 2-2");
    files.run(1).unwrap();
    files.sql("INSERT INTO facts (at_ms, institution, kind) VALUES (0, 'bank-a', 'outcome')");
    assert_eq!(files.content(), "journal-2026-11-20.sqlite 1-1, journal.sqlite 2-3");
    // The fact of 1970 comes behind that of 2026 and stays behind it.
    files.sql("INSERT INTO facts (at_ms, institution, kind) VALUES (0, 'bank-a', 'outcome')");
    files.run(1).unwrap();
    assert_eq!(files.content(), "journal-2026-11-20.2.sqlite 2-3, journal-2026-11-20.sqlite 1-1, journal.sqlite 4-4");
}

#[test]
fn what_differs_from_its_archive_is_not_removed() {
    let files = Files::new();
    let copy = files.folder.path().join("before.db");
    files.sql(&format!("VACUUM INTO '{}'", copy.display()));
    files.run(2).unwrap();
    std::fs::rename(copy, files.journal()).unwrap();
    files.sql("UPDATE facts SET bytes = x'00' WHERE number = 7");
    let error = files.run(2).unwrap_err().to_string();
    assert!(error.contains("facts up to 8 differ from those of the journal, so nothing is removed"), "{error}");
    assert!(files.content().ends_with("journal.sqlite 1-15"), "{}", files.content());
}

#[test]
fn another_journal_in_the_folder_is_no_archive() {
    let files = Files::new();
    std::fs::create_dir(files.archive("")).unwrap();
    for name in ["journal.sqlite", "journal-copy.sqlite", "journal-2026-11.sqlite", "other-2026-11-20.sqlite"] {
        files.sql(&format!("VACUUM INTO '{}'", files.archive(name).display()));
    }
    files.run(5).unwrap();
    assert!(files.content().ends_with("journal.sqlite 1-15"), "{}", files.content());
}

#[test]
fn an_archive_that_is_missing_between_two_others_is_missed_by_a_new_index() {
    let files = Files::new();
    files.run(2).unwrap();
    let options = ArchiveConfig { folder: files.archive(""), after_days: 2, utc_offset_minutes: 540, keep_days: None };
    let make = |name: &str| {
        let source = FactReader::open(&files.journal(), &Access::default()).unwrap();
        let path = files.folder.path().join(name);
        let mut index = IndexFile::begin(&path, source.journal_id().unwrap(), None).unwrap();
        let archives = Archives::new(&files.journal(), &options, &Access::default()).unwrap();
        catch_up(&mut index, &source, &files.journal(), Some(&archives)).map(|()| index.applied())
    };
    assert_eq!(make("whole").unwrap(), 8);
    std::fs::remove_file(files.archive("journal-2026-11-21.sqlite")).unwrap();
    let error = make("gap").unwrap_err().to_string();
    assert!(error.contains("but the facts 3 to 8 were archived"), "{error}");
}

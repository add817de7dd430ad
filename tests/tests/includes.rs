//! Shared files: a spec with includes is the spec in one piece, whatever is in which file. And any files, in any circle, have findings and an end.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fep_spec::generate::rust;
use fep_spec::include::{Disk, FileAccess, INCLUDED_BYTES_MAX, InMemory};
use fep_spec::listing::Listing;
use fep_spec::load::{Checked, SpecFile, spec_files};
use fep_spec::model::Spec;
use fep_spec::pages::{Lang, Page, markdown};
use fep_spec::report::{Code, Report};
use fep_spec::samples::{Options, Samples};
use fep_spec::workbook;
use fep_tests::arbitrary::Random;
use fep_tests::random_spec::random_spec;
use fep_tests::split_spec::{SPEC_PATH, SplitSpec};
use proptest::prelude::*;

/// The number of ways in which each spec is cut.
const CUTS: u64 = 10;

/// The number of random specs.
const SEEDS: u64 = 60;

fn texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("specs");
    let files = spec_files(&folder).expect("specs").into_iter();
    let texts = files.map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("a spec")));
    texts.chain((0..SEEDS).map(|seed| (format!("seed {seed}"), random_spec("random", seed)))).collect()
}

/// All that is made of a spec, without the hash of its text.
fn made_of(spec: &Spec) -> (Spec, [String; 3], Vec<Vec<u8>>) {
    let spec = Spec { hash: 0, ..spec.clone() };
    let code = rust(&spec, "spec.toml").expect("Rust");
    let texts = [code, Listing::of(&spec).to_json(), markdown::page(&Page::of(&spec), Lang::Ko)];
    let samples = spec.telegrams.iter().flat_map(|telegram| Samples::of(&spec, telegram, Options::default()).all);
    let samples = samples.map(|sample| sample.bytes).collect();
    (spec, texts, samples)
}

fn codes(report: &Report) -> Vec<(Code, String)> {
    report.findings.iter().map(|finding| (finding.code, finding.message.clone())).collect()
}

#[test]
fn a_spec_with_includes_is_the_spec_in_one_piece() {
    let mut shared = 0;
    for (name, text) in texts() {
        for cut in 0..CUTS {
            let split = SplitSpec::of(&text, &mut Random(cut));
            let files = InMemory::new(split.shared.clone());
            let checked = Spec::check_with(SPEC_PATH, &split.spec, &files);
            let place = format!("{name}, cut {cut}");
            let all = || format!("{}\n{:#?}", split.spec, split.shared);
            let one = Spec::check("one.toml", &split.pasted);
            let mut found = [codes(&checked.report), codes(&one.report)];
            found.iter_mut().for_each(|codes| codes.sort_by_key(|(code, message)| (code.number(), message.clone())));
            assert_eq!(found[0], found[1], "{place}\n{}", all());
            let included = checked.included.len();
            assert_eq!(included, split.shared.len(), "{place}");
            let spec = checked.spec.unwrap_or_else(|| panic!("{place}: {}\n{}", checked.report, all()));
            let one = one.spec.expect("a clean spec");
            assert_eq!(spec.hash == one.hash, included == 0, "{place}");
            if cut == 1 {
                let written = workbook::write_with(SPEC_PATH, &split.spec, &files, Lang::Ko).expect("a workbook");
                assert_eq!(
                    written,
                    workbook::write("one.toml", &split.pasted, Lang::Ko).expect("a workbook"),
                    "{place}"
                );
            }
            if cut == 0 {
                assert_eq!(made_of(&spec), made_of(&one), "{place}");
            } else {
                assert_eq!(Spec { hash: 0, ..spec }, Spec { hash: 0, ..one }, "{place}");
            }
            shared += included;
        }
    }
    assert!(shared > 500, "{shared}");
}

#[test]
fn a_shared_file_of_a_sound_spec_has_no_findings_alone() {
    for (name, text) in texts() {
        for cut in 0..CUTS {
            let split = SplitSpec::of(&text, &mut Random(cut));
            let files = InMemory::new(split.shared.clone());
            for (path, text) in &split.shared {
                let Checked { report, shared, spec, .. } = Spec::check_with(path, text, &files);
                assert!(report.is_clean(), "{name}, cut {cut}: {report}\n{text}");
                assert!(shared.is_some() && spec.is_none());
            }
        }
    }
}

#[test]
fn the_hash_is_that_of_all_files() {
    let [(_, text)] = &texts()[..1] else { panic!("a spec") };
    let split = (0..).map(|cut| SplitSpec::of(text, &mut Random(cut))).find(|split| split.shared.len() == 4);
    let split = split.expect("four files");
    let hash = |spec: &str, shared: &[(String, String)]| {
        let files = InMemory::new(shared.to_vec());
        Spec::parse_with(SPEC_PATH, spec, &files).unwrap_or_else(|report| panic!("{report}")).hash
    };
    let with_line_ends = |text: &str| text.replace('\n', "\r\n");
    let own = hash(&split.spec, &split.shared);
    let shared: Vec<_> = split.shared.iter().map(|(path, text)| (path.clone(), with_line_ends(text))).collect();
    assert_eq!(hash(&with_line_ends(&split.spec), &shared), own);
    let mut hashes = BTreeSet::from([own, hash(&format!("{}# more\n", split.spec), &split.shared)]);
    for number in 0..split.shared.len() {
        let mut shared = split.shared.clone();
        shared[number].1.push_str("# more\n");
        hashes.insert(hash(&split.spec, &shared));
    }
    assert_eq!(hashes.len(), 2 + split.shared.len());
}

const HEAD: &str = "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"test\"\ncharset = \"ascii\"\n";

/// The entry of an `include` in a random graph.
fn entry(number: usize) -> String {
    match number {
        0..8 => format!("f{number}.toml"),
        8 => "./below/../f1.toml".to_owned(),
        9 => "below/g.toml".to_owned(),
        10 => "missing.toml".to_owned(),
        11 => "folder.toml".to_owned(),
        12 => "socket.toml".to_owned(),
        13 => "cp949.toml".to_owned(),
        14 => "huge.toml".to_owned(),
        15 => "loop.toml".to_owned(),
        16 => "link.toml".to_owned(),
        17 => "zero.toml".to_owned(),
        18 => "pipe.toml".to_owned(),
        19 => "/etc/passwd".to_owned(),
        _ => "no\u{0}name.toml".to_owned(),
    }
}

/// The names of files that no graph changes.
fn odd_files(folder: &Path) {
    fs::create_dir_all(folder.join("below")).expect("a folder");
    fs::create_dir_all(folder.join("folder.toml")).expect("a folder");
    fs::write(folder.join("below/g.toml"), "shared = \"g\"\ninclude = [\"../f0.toml\"]\n").expect("a file");
    fs::write(folder.join("cp949.toml"), b"shared = \"\xB0\xF8\xC5\xEB\"\n").expect("a file");
    let huge = fs::File::create(folder.join("huge.toml")).expect("a file");
    huge.set_len(1 << 40).expect("a file of holes");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        // The file of the socket stays when the socket is closed.
        let _ = std::os::unix::net::UnixListener::bind(folder.join("socket.toml"));
        symlink("loop.toml", folder.join("loop.toml")).expect("a link");
        symlink("f2.toml", folder.join("link.toml")).expect("a link");
        symlink("/dev/zero", folder.join("zero.toml")).expect("a link");
        let _ = std::process::Command::new("mkfifo").arg(folder.join("pipe.toml")).status();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_files_have_findings_and_an_end(
        graph in proptest::collection::vec(proptest::collection::vec(0..21_usize, 0..4), 8),
        bodies in proptest::collection::vec("(\\[types\\]\nN = \\{ kind = \"number\" \\}\n|\\PC{0,12})", 8),
        shared in proptest::collection::vec(0..6_u8, 8),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        odd_files(folder.path());
        for (number, includes) in graph.iter().enumerate() {
            let entries: Vec<String> = includes.iter().map(|entry_of| format!("{:?}", entry(*entry_of)).replace("\\0", "\\u0000")).collect();
            let title = if shared[number] == 0 { "" } else { "shared = \"f\"\n" };
            let text = format!("{title}include = [{}]\n{}", entries.join(", "), bodies[number]);
            fs::write(folder.path().join(format!("f{number}.toml")), text).expect("a file");
        }
        let spec = format!("{HEAD}include = [\"f0.toml\", \"f1.toml\"]\n");
        fs::write(folder.path().join("spec.toml"), &spec).expect("a file");
        for name in ["spec.toml", "f0.toml", "f7.toml"] {
            let file = SpecFile::open(&folder.path().join(name)).expect("a text");
            let checked = file.check();
            let _ = (checked.report.render(true), checked.report.to_json(), checked.report.to_string());
            let mended = fep_spec::fix::mend_file(&file);
            prop_assert_eq!(mended.text.is_empty(), file.text.is_empty());
            prop_assert!(checked.report.findings.iter().all(|finding| !finding.file().ends_with("passwd")));
        }
        let in_folder = Spec::check_with("spec.toml", &spec, &Disk::at(folder.path()));
        prop_assert_eq!(in_folder.spec.is_some(), !in_folder.report.has_errors());
    }

    #[test]
    fn a_cycle_is_found_exactly_if_there_is_one(
        graph in proptest::collection::vec(proptest::collection::btree_set(0..7_usize, 0..3), 7),
    ) {
        let text = |number: usize| {
            let entries: Vec<String> = graph[number].iter().map(|other| format!("\"f{other}.toml\"")).collect();
            format!("shared = \"f\"\ninclude = [{}]\n[types]\nT{number} = {{ kind = \"number\" }}\n", entries.join(", "))
        };
        let files = InMemory::new((0..7).map(|number| (format!("f{number}.toml"), text(number))));
        let checked = Spec::check_with("f0.toml", &text(0), &files);
        let reach = |from: &BTreeSet<usize>| {
            let mut reached = from.clone();
            while let Some(next) = reached.iter().flat_map(|one| &graph[*one]).copied().find(|one| !reached.contains(one)) {
                reached.insert(next);
            }
            reached
        };
        let from_first: BTreeSet<usize> = reach(&graph[0]).into_iter().chain([0]).collect();
        let has_cycle = from_first.iter().any(|one| reach(&graph[*one]).contains(one));
        let found = codes(&checked.report);
        prop_assert_eq!(found.iter().any(|(code, _)| *code == Code::IncludeCycle), has_cycle, "{}", checked.report);
        prop_assert!(found.iter().all(|(code, _)| *code == Code::IncludeCycle), "{}", checked.report);
        // Each file is read once, also if several files include it.
        prop_assert_eq!(checked.included.len(), from_first.len() - 1);
    }
}

/// Counts the bytes that are read.
struct Counting {
    files: InMemory,
    bytes: Cell<usize>,
    reads: Cell<usize>,
}

impl FileAccess for Counting {
    fn identity(&self, path: &Path) -> io::Result<PathBuf> {
        self.files.identity(path)
    }

    fn read(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
        let bytes = self.files.read(path, max_bytes)?;
        self.bytes.set(self.bytes.get() + bytes.len());
        self.reads.set(self.reads.get() + 1);
        Ok(bytes)
    }
}

fn counting(files: Vec<(String, String)>) -> Counting {
    Counting { files: InMemory::new(files), bytes: Cell::new(0), reads: Cell::new(0) }
}

fn shared_file(number: usize, includes: &[usize], more: &str) -> (String, String) {
    let entries: Vec<String> = includes.iter().map(|other| format!("\"f{other}.toml\"")).collect();
    (format!("f{number}.toml"), format!("shared = \"f\"\ninclude = [{}]\n{more}", entries.join(", ")))
}

#[test]
fn shared_files_have_limits() {
    let comment = format!("# {}\n", "x".repeat(1 << 20));
    let spec = |entries: std::ops::Range<usize>| {
        let entries: Vec<String> = entries.map(|other| format!("\"f{other}.toml\"")).collect();
        format!("{HEAD}include = [{}]\n", entries.join(", "))
    };
    let check = |spec: &str, files: &Counting| codes(&Spec::check_with("spec.toml", spec, files).report);

    let files = counting((0..6).map(|number| shared_file(number, &[], &comment)).collect());
    let found = check(&spec(0..6), &files);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].1.starts_with("with `f3.toml`, the shared files have more than 4194304 bytes"), "{found:?}");
    assert!(files.bytes.get() <= 2 * INCLUDED_BYTES_MAX, "{}", files.bytes.get());

    let files = counting((0..70).map(|number| shared_file(number, &[], "")).collect());
    let found = check(&spec(0..70), &files);
    assert_eq!((found.len(), files.reads.get()), (6, 64), "{found:?}");
    assert!(found[0].1.contains("one more than the 64 shared files"), "{found:?}");

    let files = counting((0..20).map(|number| shared_file(number, &[number + 1], "")).collect());
    let found = check(&spec(0..1), &files);
    assert_eq!((found.len(), files.reads.get()), (1, 8), "{found:?}");
    assert!(found[0].1.contains("`f8.toml` is more than 8 includes deep"), "{found:?}");
}

#[cfg(unix)]
#[test]
fn a_file_has_one_identity_by_whatever_name_it_is_included() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("real/below")).expect("a folder");
    symlink("real/below", path("linked")).expect("a link");
    symlink("letters.toml", path("real/other.toml")).expect("a link");
    symlink("real/letters.txt", path("text.toml")).expect("a link");
    fs::write(path("real/letters.txt"), "secret = 1").expect("a file");
    fs::write(path("real/letters.toml"), "shared = \"a\"\n[types]\nN = { kind = \"number\" }\n").expect("a file");
    fs::write(path("real/one.toml"), "shared = \"b\"\ninclude = [\"letters.toml\"]\n").expect("a file");
    fs::write(path("real/two.toml"), "shared = \"b\"\ninclude = [\"other.toml\"]\n").expect("a file");
    let check = |entries: &str| {
        let spec = format!("{HEAD}include = [{entries}]\n");
        Spec::check_with("spec.toml", &spec, &Disk::at(folder.path()))
    };
    let checked = check("\"real/one.toml\", \"real/two.toml\"");
    assert!(checked.report.is_empty() && checked.included.len() == 3, "{}", checked.report);
    // Behind a link, `..` is the folder above its target.
    let checked = check("\"linked/../letters.toml\"");
    assert!(checked.report.is_empty(), "{}", checked.report);
    assert_eq!(checked.included, [Path::new("linked/../letters.toml")]);
    let checked = check("\"real/below/../letters.toml\"");
    assert_eq!(checked.included, [Path::new("real/letters.toml")]);
    let report = check("\"text.toml\"").report.render(false);
    assert!(
        report.contains("is a link to a file that does not end with `.toml`") && !report.contains("secret"),
        "{report}"
    );
}

#[test]
fn a_diamond_of_many_floors_is_read_once() {
    let floors = (0..14_usize).map(|number| (number, number / 2 * 2 + 2));
    let files = floors.map(|(number, below)| shared_file(number, &[below, below + 1], ""));
    let last = [14, 15].map(|number| shared_file(number, &[], ""));
    let files = counting(files.chain(last).collect());
    let report = Spec::check_with("spec.toml", &format!("{HEAD}include = [\"f0.toml\"]\n"), &files).report;
    assert_eq!(files.reads.get(), 15);
    assert!(report.is_empty(), "{report}");
}

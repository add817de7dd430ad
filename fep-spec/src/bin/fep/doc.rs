//! `fep doc`: writes the design sheet of each spec, regenerated for people, and an index if there are several.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use fep_spec::load::{SpecFile, SpecNames, specs_of};
use fep_spec::model::{Spec, TelegramSpec};
use fep_spec::pages::explained::{Explained, SAMPLE_MAX_BYTES, explain, made};
use fep_spec::pages::{Lang, Page, html, markdown};
use fep_spec::report::Report;
use fep_spec::samples::Sample;
use fep_spec::workbook;

use crate::end::{Ended, Outcome, Stop, note, print};
use crate::files::spec_on_stdin;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fep doc specs/bank-a/bank-a.toml --to md -o sheets      sheets/bank-a.md\n  \
                        fep doc specs --to md --lang en -o sheets --force       one file per spec, and index.md\n  \
                        fep doc specs/bank-a/bank-a.toml --to xlsx -o sheets    sheets/bank-a.xlsx; `fep import` reads it again")]
pub(crate) struct DocArgs {
    /// Spec files, folders of them, or - for stdin
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// The form of the sheets
    #[arg(long, value_enum, value_name = "FORM")]
    to: Form,
    /// The folder for one file per spec, which is made if it is missing; for a single spec also - for stdout
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// The language of the fixed words; labels and remarks stay as they are
    #[arg(long, value_enum, default_value_t)]
    lang: LangArg,
    /// Overwrite files that are there
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Markdown with plain tables
    Md,
    /// One HTML file that needs no network
    Html,
    /// A workbook in the shape that institutions send; `fep import` makes the same spec of it
    Xlsx,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum LangArg {
    /// Korean
    #[default]
    Ko,
    /// English
    En,
}

/// A spec with the file that it comes from.
struct Loaded {
    path: PathBuf,
    file: SpecFile,
    spec: Spec,
}

/// Writes the sheets of all specs. Nothing is written if a spec cannot be used, or a file is there already.
pub(crate) fn doc(args: &DocArgs) -> Ended {
    let specs = load(&args.specs)?;
    let lang = match args.lang {
        LangArg::Ko => Lang::Ko,
        LangArg::En => Lang::En,
    };
    let files = match args.to {
        Form::Xlsx => workbooks(&specs, &args.out, lang)?,
        Form::Md | Form::Html => pages(&specs, args, lang)?,
    };
    if args.out == Path::new("-") {
        let [(_, text)] = files.as_slice() else {
            return Err(Stop::Message(format!("{} sheets cannot go to stdout; name a folder", specs.len())));
        };
        return print(text).map(|()| Outcome::Clean);
    }
    write(&files, &args.out, args.force)?;
    let many = if files.len() == 1 { "" } else { "s" };
    note(&format!("{}: {} file{many}", args.out.display(), files.len()));
    Ok(Outcome::Clean)
}

/// A file to be written.
type Written = (PathBuf, Vec<u8>);

/// A page for each spec, and an index if there are several.
fn pages(specs: &[Loaded], args: &DocArgs, lang: Lang) -> Result<Vec<Written>, Stop> {
    let mut pages: Vec<Page> = specs.iter().map(|loaded| Page::of(&loaded.spec)).collect();
    if args.to.has_samples() {
        samples(specs, &mut pages)?;
    }
    let file = |page: &Page| (args.out.join(format!("{}.{}", page.name, args.to.ending())), args.to.page(page, lang));
    let mut files: Vec<Written> = pages.iter().map(file).collect();
    if pages.len() > 1 {
        files.push((args.out.join(format!("index.{}", args.to.ending())), args.to.index(&pages, lang)));
    }
    Ok(files)
}

/// A workbook for each spec. A workbook has its own cover, so there is no index.
fn workbooks(specs: &[Loaded], out: &Path, lang: Lang) -> Result<Vec<Written>, Stop> {
    let book = |loaded: &Loaded| {
        let name = &loaded.file.name;
        let bytes = workbook::write_file(&loaded.file, lang);
        let bytes = bytes.map_err(|error| Stop::Message(format!("{name}: {error}")))?;
        Ok((out.join(format!("{}.xlsx", loaded.spec.name)), bytes))
    };
    specs.iter().map(book).collect()
}

impl Form {
    const fn ending(self) -> &'static str {
        match self {
            Self::Md => "md",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
        }
    }

    /// Whether the form shows samples.
    const fn has_samples(self) -> bool {
        matches!(self, Self::Html)
    }

    fn page(self, page: &Page, lang: Lang) -> Vec<u8> {
        match self {
            Self::Html => html::page(page, lang).into_bytes(),
            Self::Md | Self::Xlsx => markdown::page(page, lang).into_bytes(),
        }
    }

    fn index(self, pages: &[Page], lang: Lang) -> Vec<u8> {
        match self {
            Self::Html => html::index(pages, lang).into_bytes(),
            Self::Md | Self::Xlsx => markdown::index(pages, lang).into_bytes(),
        }
    }
}

/// All specs. Two of one name would become one file.
fn load(paths: &[PathBuf]) -> Result<Vec<Loaded>, Stop> {
    let mut specs = Vec::new();
    let mut report = Report::default();
    let mut names = SpecNames::default();
    let mut known = BTreeSet::new();
    for path in paths {
        let is_stdin = path == Path::new("-");
        for path in if is_stdin { vec![path.clone()] } else { specs_of(path)? } {
            if !is_stdin && !known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                continue;
            }
            let file = if is_stdin { spec_on_stdin()? } else { SpecFile::open(&path)? };
            report.findings.extend(names.take(&path, &file.text));
            match file.parse() {
                Ok(spec) => specs.push(Loaded { path, file, spec }),
                Err(findings) => report.append_new(findings),
            }
        }
    }
    if let Some(Loaded { spec: index, .. }) = specs.iter().find(|loaded| loaded.spec.name == "index" && specs.len() > 1)
    {
        return Err(Stop::Message(format!(
            "the spec `{}` has the name of the index file; write its sheet alone",
            index.name
        )));
    }
    if report.is_empty() { Ok(specs) } else { Err(Stop::Spec(report)) }
}

/// Adds the samples beside the spec files: the files of their folders `samples`. What is no sample of any spec is named.
fn samples(specs: &[Loaded], pages: &mut [Page]) -> Result<(), Stop> {
    let mut unread: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for (Loaded { path, spec, .. }, page) in specs.iter().zip(pages.iter_mut()) {
        for sample in sample_files(path)? {
            let cannot = |error: std::io::Error| Stop::Message(format!("cannot read {}: {error}", sample.display()));
            let mut bytes = Vec::new();
            let file = std::fs::File::open(&sample).map_err(cannot)?;
            file.take(SAMPLE_MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
            let name = sample.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match explain(spec, &name, &bytes) {
                Ok(explained) => {
                    page.samples.extend(explained);
                    known.insert(sample);
                }
                Err(why) => {
                    unread.entry(sample).or_insert(why);
                }
            }
        }
    }
    for (Loaded { spec, .. }, page) in specs.iter().zip(pages) {
        let without = |telegram: &&TelegramSpec| page.samples.iter().all(|sample| sample.telegram != telegram.name());
        // An answer with the items of its request would be shown the same way again.
        let own = spec.telegrams.iter().filter(|telegram| telegram.like.is_none()).filter(without);
        let made: Vec<Explained> = own.filter_map(|telegram| between_limits(spec, telegram)).collect();
        page.samples.extend(made);
    }
    for (sample, why) in unread.iter().filter(|(sample, _)| !known.contains(*sample)) {
        note(&format!("{} is left out: {why}", sample.display()));
    }
    Ok(())
}

/// A telegram with usual values, if one can be made.
fn between_limits(spec: &Spec, telegram: &TelegramSpec) -> Option<Explained> {
    let sample = Sample::between_limits(spec, telegram, SEED).ok()?;
    Some(made(telegram, &sample.bytes))
}

/// The seed of made samples, so that the same spec makes the same page.
const SEED: u64 = 1;

/// The files of the folder `samples` beside a spec file, in the order of their names.
fn sample_files(spec: &Path) -> Result<Vec<PathBuf>, Stop> {
    let folder = spec.parent().unwrap_or(Path::new("")).join("samples");
    if spec == Path::new("-") || !folder.is_dir() {
        return Ok(Vec::new());
    }
    let cannot = |error: std::io::Error| Stop::Message(format!("cannot read {}: {error}", folder.display()));
    let entries = std::fs::read_dir(&folder).map_err(cannot)?.collect::<Result<Vec<_>, _>>().map_err(cannot)?;
    let mut files: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}

fn write(files: &[(PathBuf, Vec<u8>)], folder: &Path, force: bool) -> Result<(), Stop> {
    if let Some((there, _)) = files.iter().find(|(path, _)| !force && path.exists()) {
        return Err(Stop::Message(format!("{} is there already: --force overwrites it", there.display())));
    }
    let cannot =
        |path: &Path, error: &std::io::Error| Stop::Message(format!("cannot write {}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    files.iter().try_for_each(|(path, text)| std::fs::write(path, text).map_err(|error| cannot(path, &error)))
}

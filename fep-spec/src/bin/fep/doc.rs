//! `fep doc`: writes the design sheet of each spec, regenerated for people, and an index if there are several.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use fep_spec::load::{SpecNames, read, spec_files};
use fep_spec::model::Spec;
use fep_spec::pages::{Lang, Page, markdown};
use fep_spec::report::Report;

use crate::end::{Ended, Outcome, Stop, note, print};
use crate::files::read_text;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fep doc specs/bank-a/bank-a.toml --to md -o sheets      sheets/bank-a.md\n  \
                        fep doc specs --to md --lang en -o sheets --force       one file per spec, and index.md")]
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
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum LangArg {
    /// Korean
    #[default]
    Ko,
    /// English
    En,
}

/// Writes the sheets of all specs. Nothing is written if a spec cannot be used, or a file is there already.
pub(crate) fn doc(args: &DocArgs) -> Ended {
    let pages: Vec<Page> = load(&args.specs)?.iter().map(Page::of).collect();
    let lang = match args.lang {
        LangArg::Ko => Lang::Ko,
        LangArg::En => Lang::En,
    };
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for page in &pages {
        files.push((args.out.join(format!("{}.{}", page.name, args.to.ending())), args.to.page(page, lang)));
    }
    if args.out == Path::new("-") {
        let [(_, text)] = files.as_slice() else {
            return Err(Stop::Message(format!("{} sheets cannot go to stdout; name a folder", files.len())));
        };
        return print(text.as_bytes()).map(|()| Outcome::Clean);
    }
    if pages.len() > 1 {
        files.push((args.out.join(format!("index.{}", args.to.ending())), args.to.index(&pages, lang)));
    }
    write(&files, &args.out, args.force)?;
    let many = if files.len() == 1 { "" } else { "s" };
    note(&format!("{}: {} file{many}", args.out.display(), files.len()));
    Ok(Outcome::Clean)
}

impl Form {
    const fn ending(self) -> &'static str {
        match self {
            Self::Md => "md",
        }
    }

    fn page(self, page: &Page, lang: Lang) -> String {
        match self {
            Self::Md => markdown::page(page, lang),
        }
    }

    fn index(self, pages: &[Page], lang: Lang) -> String {
        match self {
            Self::Md => markdown::index(pages, lang),
        }
    }
}

/// All specs. Two of one name would become one file.
fn load(paths: &[PathBuf]) -> Result<Vec<Spec>, Stop> {
    let mut specs = Vec::new();
    let mut report = Report::default();
    let mut names = SpecNames::default();
    let mut known = BTreeSet::new();
    for path in paths {
        let stdin = path == Path::new("-");
        for path in if stdin { vec![path.clone()] } else { spec_files(path)? } {
            if !stdin && !known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                continue;
            }
            let (name, text) = if stdin { ("stdin".to_owned(), read_text(None)?) } else { read(&path)? };
            report.findings.extend(names.take(&path, &text));
            match Spec::parse(&name, &text) {
                Ok(spec) => specs.push(spec),
                Err(findings) => report.append(findings),
            }
        }
    }
    if let Some(index) = specs.iter().find(|spec| spec.name == "index" && specs.len() > 1) {
        return Err(Stop::Message(format!(
            "the spec `{}` has the name of the index file; write its sheet alone",
            index.name
        )));
    }
    if report.is_empty() { Ok(specs) } else { Err(Stop::Spec(report)) }
}

fn write(files: &[(PathBuf, String)], folder: &Path, force: bool) -> Result<(), Stop> {
    if let Some((there, _)) = files.iter().find(|(path, _)| !force && path.exists()) {
        return Err(Stop::Message(format!("{} is there already: --force overwrites it", there.display())));
    }
    let cannot =
        |path: &Path, error: &std::io::Error| Stop::Message(format!("cannot write {}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    files.iter().try_for_each(|(path, text)| std::fs::write(path, text).map_err(|error| cannot(path, &error)))
}

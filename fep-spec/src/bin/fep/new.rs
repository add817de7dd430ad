//! `fep new`: a project folder that runs against the gateway's simulator, from an example, a sheet, a copybook or a spec.

use std::path::{Path, PathBuf};

use clap::Args;
use fep_spec::load::SpecFile;
use fep_spec::project::{Project, is_name};

use crate::end::{Ended, Outcome, Stop, note, say};
use crate::import;
use crate::source::{self, SourceArgs, cannot};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fep new coop                                     an example bank, to begin with\n  \
    fep new bank-a --from bank-a.xlsx\n  fep new loans --from loans.cpy --charset ibm933\n  \
    fep new . --from specs/loans.toml --force         the other files again, after a change of the spec\n\n\
    The README in the folder has the commands, up to an exchange with a simulated institution. What a sheet or a copybook does not \
    say, but an exchange needs, is assumed: the README lists it, and ASSUMED marks the places.\n\
    Exit: 0 made; 1 made, and the source contradicts itself; 2 not made."
)]
pub(crate) struct NewArgs {
    /// The folder; its last part is the name of the spec and of the institution: small letters, digits and hyphens
    #[arg(value_name = "NAME")]
    folder: PathBuf,
    /// The institution's sheet (xlsx, xls, ods, csv, tsv), a COBOL copybook, or a spec (toml)
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    /// Write into a folder that has files, and overwrite those that a project has
    #[arg(long)]
    force: bool,
}

/// Makes the folder.
pub(crate) fn new(args: &NewArgs) -> Ended {
    let whole = std::path::absolute(&args.folder).map_err(|error| cannot("use", &args.folder, &error))?;
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_spec = args.from.as_ref().is_some_and(|from| from.extension().is_some_and(|ending| ending == "toml"));
    if !is_spec && !is_name(&name) {
        let message = format!(
            "a project cannot be called {name:?}: write small letters, digits and hyphens, as in `fep new bank-a`"
        );
        return Err(Stop::Message(message));
    }
    let is_source = args.from.is_some() && !is_spec;
    if let Some(option) = args.source.given().filter(|_| !is_source) {
        return Err(Stop::Message(format!("{option} says how to read a sheet or a copybook: name it with --from")));
    }
    let has_files = std::fs::read_dir(&args.folder).is_ok_and(|mut entries| entries.next().is_some());
    if has_files && !args.force {
        let folder = args.folder.display();
        return Err(Stop::Message(format!("{folder} has files already: --force overwrites those that a project has")));
    }
    let mut imported = None;
    let project = match &args.from {
        None => Project::example(&name),
        Some(from) if is_spec => of_spec(from, &args.folder)?,
        Some(from) => Project::of_draft(&name, &imported.insert(source::read(from, &args.source)?).draft),
    };
    for (path, text) in &project.files {
        let path = args.folder.join(path);
        let folder = path.parent().unwrap_or(&args.folder);
        std::fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
        std::fs::write(&path, text).map_err(|error| cannot("write", &path, &error))?;
    }
    if let Some(imported) = &imported {
        say(&imported.to_string());
        import::summary(imported, &args.folder.join("specs").join(format!("{name}.toml")));
    }
    next(args, &project);
    Ok(imported.as_ref().map_or(Outcome::Clean, import::outcome))
}

/// A project for a spec that is there. Its name is the spec's, because the files of the project refer to it.
fn of_spec(from: &Path, folder: &Path) -> Result<Project, Stop> {
    let file = SpecFile::open(from)?;
    let checked = file.check();
    let includes = !checked.included.is_empty();
    let spec = checked.into_spec().map_err(Stop::Spec)?;
    let is_in_project = std::path::absolute(from).ok().zip(std::path::absolute(folder.join("specs")).ok());
    let is_in_project = is_in_project.is_some_and(|(from, specs)| from.parent() == Some(&specs));
    if is_in_project && from.file_stem().is_none_or(|stem| *stem != *spec.name) {
        let message = format!("{} is the spec `{}`: rename the file to {}.toml", from.display(), spec.name, spec.name);
        return Err(Stop::Message(message));
    }
    if includes && !is_in_project {
        let specs = folder.join("specs");
        let message = format!(
            "{} includes shared files: put it into {} with them, and name that file with --from and --force",
            from.display(),
            specs.display()
        );
        return Err(Stop::Message(message));
    }
    Ok(Project::of_file(&spec.name, &file))
}

/// Says what comes next.
fn next(args: &NewArgs, project: &Project) {
    let folder = args.folder.display();
    note(&format!("{folder}: {} files", project.files.len()));
    for what in &project.assumed {
        note(&format!("assumed: {what}"));
    }
    for what in &project.to_fill {
        note(&format!("fill in: {what}"));
    }
    let what = if project.to_fill.is_empty() { "has the commands up to an exchange" } else { "says how it goes on" };
    note(&format!("next: cd {folder} && fep check specs; README.md {what}"));
}

//! What an institution sent: a design sheet or a COBOL copybook, as `fep import` and `fep new` read it.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use fep_spec::import::Imported;
use fep_spec::import::copybook::{self, BinarySize, CopybookOptions};
use fep_spec::import::sheet::{FirstRows, SheetError, SheetMap, SheetOptions};
use fep_spec::workbook;

use crate::end::{Stop, say};
use crate::files;

#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Read this sheet only; can be given several times
    #[arg(long, value_name = "NAME")]
    sheet: Vec<String>,
    /// The charset of the telegrams; if left out, the remarks of the sheet decide; a copybook needs it
    #[arg(long, value_name = "CHARSET")]
    charset: Option<String>,
    /// How many bytes COMP has by its digits, in a copybook; 2-4-8 if left out
    #[arg(long, value_name = "SIZES", value_parser = ["2-4-8", "1-2-4-8"])]
    binary_size: Option<String>,
    /// A mapping file: columns, types, words
    #[arg(long, value_name = "MAP.toml")]
    map: Option<PathBuf>,
}

impl SourceArgs {
    /// An option that says how to read a sheet or a copybook, if there is one.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let options = [
            ("--sheet", !self.sheet.is_empty()),
            ("--charset", self.charset.is_some()),
            ("--binary-size", self.binary_size.is_some()),
            ("--map", self.map.is_some()),
        ];
        options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }
}

/// Reads a sheet or a copybook; `-` is stdin.
pub(crate) fn read(file: &Path, args: &SourceArgs) -> Result<Imported, Stop> {
    let bytes = files::read(Some(file))?;
    let name = name(file);
    if is_copybook(file, &bytes) { copybook(file, args, &name, &bytes) } else { sheet(args, &name, &bytes) }
}

/// The name of the source without its folder.
pub(crate) fn name(file: &Path) -> String {
    let name = file.file_name().filter(|name| *name != "-");
    name.map_or_else(|| "stdin".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Whether a file is a copybook: by its ending, otherwise by its content. A member of a host's library has no ending.
fn is_copybook(path: &Path, bytes: &[u8]) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_one_of = |endings: &[&str]| endings.contains(&ending.as_str());
    is_one_of(&["cpy", "cbl", "cob", "copy"])
        || (!is_one_of(&["xlsx", "xls", "xlsm", "ods", "csv", "tsv"]) && copybook::is_copybook(bytes))
}

fn copybook(file: &Path, args: &SourceArgs, name: &str, bytes: &[u8]) -> Result<Imported, Stop> {
    let Some(charset) = args.charset.clone() else {
        let message =
            format!("{name} does not say the charset of its data: add --charset cp037, ibm933, euc-kr, ascii, …");
        return Err(Stop::Message(message));
    };
    let binary_size = match args.binary_size.as_deref() {
        Some("1-2-4-8") => BinarySize::OneTwoFourEight,
        _ => BinarySize::TwoFourEight,
    };
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let load = |name: &str| {
        // COPY names a member, not a path.
        let is_plain = !name.is_empty()
            && name.chars().all(|one| one.is_alphanumeric() || "-_$#@.".contains(one))
            && !name.starts_with('.');
        let names = ["", ".cpy", ".CPY", ".cbl", ".CBL", ".cob", ".copy"].map(|ending| format!("{name}{ending}"));
        let small = names.clone().map(|name| name.to_lowercase());
        names.iter().chain(&small).filter(|_| is_plain).find_map(|name| std::fs::read(folder.join(name)).ok())
    };
    let options = CopybookOptions { charset, binary_size };
    copybook::import(name, bytes, &options, &load).map_err(|error| Stop::Message(format!("{name} {error}")))
}

fn sheet(args: &SourceArgs, name: &str, bytes: &[u8]) -> Result<Imported, Stop> {
    let map = match &args.map {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
            SheetMap::parse(&text).map_err(|why| Stop::Message(format!("{}: {why}", path.display())))?
        }
        None => SheetMap::default(),
    };
    let mut options = SheetOptions { sheets: args.sheet.clone(), charset: args.charset.clone(), map };
    let mut imported = workbook::import(name, bytes, &options);
    if let Err(SheetError::NoTable(sheets)) = &imported {
        show(sheets);
        if let Some(map) = ask()? {
            options.map = map;
            imported = workbook::import(name, bytes, &options);
        }
    }
    imported.map_err(|error| Stop::Message(format!("{name} {error}")))
}

/// Shows the first rows of sheets whose columns could not be told.
fn show(sheets: &[FirstRows]) {
    for sheet in sheets {
        say(&format!("{}\n", sheet.sheet.as_deref().unwrap_or("the file")));
        for (row, cells) in &sheet.rows {
            let cells: Vec<_> = cells.iter().map(|(column, text)| format!("{column} {text}")).collect();
            say(&format!("{row:5}  {}\n", cells.join(" | ")));
        }
    }
}

/// Asks which columns are which, if there is a person at a terminal. `None` if there is none, or no answer.
fn ask() -> Result<Option<SheetMap>, Stop> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    say("The columns could not be told. Which row has the headings?\n");
    let Some(row) = answer()? else { return Ok(None) };
    let mut map = format!("row = {row}\n[columns]\n");
    for (role, what) in [
        ("name", "names of the items"),
        ("length", "lengths"),
        ("type", "types (empty: none)"),
        ("remark", "remarks (empty: none)"),
    ] {
        say(&format!("Which column has the {what}? A, B, …\n"));
        if let Some(column) = answer()? {
            map.push_str(&format!("\"{}\" = \"{role}\"\n", column.to_uppercase()));
        }
    }
    let map = SheetMap::parse(&map).map_err(Stop::Message)?;
    Ok(Some(map))
}

/// A line that a person typed, or `None` for an empty one.
fn answer() -> Result<Option<String>, Stop> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| Stop::Message(format!("cannot read the answer: {error}")))?;
    let line: String = line.trim().chars().filter(char::is_ascii_alphanumeric).collect();
    Ok((!line.is_empty()).then_some(line))
}

/// A file that could not be read or written.
pub(crate) fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Stop {
    Stop::Message(format!("cannot {what} {}: {error}", path.display()))
}

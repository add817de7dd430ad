//! The command `fep`: tools for telegram specs.
//!
//! The contract that scripts rely on: data on stdout, messages on stderr; exit 0 clean, 1 findings, 2 usage or could not run;
//! `-` is stdin or stdout; colour on a terminal only. The library does the work. The command adds arguments, files and exit
//! codes.

mod check;
mod end;
mod files;
mod fmt;
mod generate;
mod glued;
mod import;
mod layout;
mod messages;
mod telegrams;
mod encode;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fep_codec::lenient::Deviation;

/// Telegram specs: check them, generate Rust, decode, encode and explain telegrams.
#[derive(Debug, Parser)]
#[command(name = "fep", version, max_term_width = 100)]
#[command(
    after_help = "The format of spec files: fep-spec/src/spec_file.md, also in the documentation of the crate fep_spec.\n\
                        Exit: 0 clean; 1 findings (warnings too) or bytes that cannot be read; 2 could not run."
)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Find mistakes in specs: sums, offsets, names, conditions
    Check(CheckArgs),
    /// Lay out specs anew: one item a line, columns aligned, comments kept
    Fmt(fmt::FmtArgs),
    /// Write specs as annotated Rust structs
    Gen(GenArgs),
    /// Offsets, lengths and kinds of all items, as a table or as JSON
    Layout(layout::LayoutArgs),
    /// A design sheet (xlsx, xls, ods, csv) or a COBOL copybook → a spec, with a report of what contradicts itself
    Import(import::ImportArgs),
    /// Bytes on stdin or in FILE → JSON, one line for each record or telegram (telegrams may follow each other directly)
    Decode(DecodeArgs),
    /// JSON objects on stdin or in FILE → bytes on stdout
    Encode(TelegramArgs),
    /// Bytes → the meaning of each of them; secrets are masked
    Explain(ExplainArgs),
    /// Characters above their bytes in a charset, as a ruler; byte counts in all charsets
    #[command(subcommand)]
    Text(text::TextAction),
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Spec files, folders of them, or - for stdin
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct GenArgs {
    /// Spec files, or folders of them
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// A folder, for one .rs file per spec; for a single spec also a .rs file, or - for stdout
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
    /// Compare with the existing files and write nothing; exit 1 if they differ
    #[arg(long)]
    check: bool,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct TelegramArgs {
    /// A spec file, or a folder of them
    #[arg(long, value_name = "SPEC")]
    spec: PathBuf,
    /// A telegram or a record file of the spec; if left out, the telegram is recognised by its codes, or named in its JSON
    #[arg(long, value_name = "NAME")]
    telegram: Option<String>,
    /// Bytes are hex digits, in the input and in the output
    #[arg(long)]
    hex: bool,
    /// The file to read; stdin if left out or -
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct DecodeArgs {
    #[command(flatten)]
    telegram: TelegramArgs,
    #[arg(long, help = lenient_help())]
    lenient: bool,
    /// The form of the messages on stderr: text, or one JSON object a line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The deviations that `--lenient` forgives.
fn lenient_help() -> String {
    let deviations: Vec<&str> = Deviation::ALL.iter().map(|deviation| deviation.help()).collect();
    format!("Forgive common mistakes, and report each on stderr: {}", deviations.join("; "))
}

#[derive(Debug, Args)]
struct ExplainArgs {
    #[command(flatten)]
    decode: DecodeArgs,
    /// Show secret fields
    #[arg(long)]
    reveal: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: excerpts with carets, rulers
    #[default]
    Text,
    /// The same facts for programs
    Json,
}

fn main() -> ExitCode {
    let ended = match Command::parse().action {
        Action::Check(args) => check::check(&args),
        Action::Fmt(args) => fmt::fmt(&args),
        Action::Gen(args) => generate::generate(&args),
        Action::Layout(args) => layout::layout(&args),
        Action::Import(args) => import::import(&args),
        Action::Decode(args) => telegrams::decode(&args),
        Action::Encode(args) => encode::encode(&args),
        Action::Explain(args) => telegrams::explain(&args),
        Action::Text(action) => text::text(&action),
    };
    end::exit_code(ended)
}

//! The command `fep`: a workshop for telegram specs.
//!
//! The contract that scripts rely on: data on stdout, messages on stderr; exit 0 clean, 1 findings, 2 usage or could not run;
//! `-` is stdin or stdout; colour on a terminal only. Everything that it does is in the library; here stand arguments, files
//! and exit codes.

mod check;
mod end;
mod files;
mod generate;
mod telegrams;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Telegram specs: check them, generate Rust, decode, encode and explain telegrams.
#[derive(Debug, Parser)]
#[command(name = "fep", version, max_term_width = 100)]
#[command(
    after_help = "How a spec file is written: fep-spec/src/spec_file.md, which is also the page of the crate fep_spec.\n\
                        Exit: 0 clean; 1 findings, warnings too, or bytes that do not read; 2 could not run."
)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Find what is wrong with specs: sums, offsets, names, conditions
    Check(CheckArgs),
    /// Write specs as annotated Rust structs
    Gen(GenArgs),
    /// Bytes on stdin or in FILE → JSON, one line for each telegram (they may be glued together) or record
    Decode(DecodeArgs),
    /// JSON objects on stdin or in FILE → bytes on stdout
    Encode(TelegramArgs),
    /// Bytes → what each of them means; secrets are masked
    Explain(ExplainArgs),
    /// Characters and their bytes in a charset, as a ruler; byte counts in all of them
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
    /// A folder, which gets one .rs file for each spec; or a .rs file, or - for stdout, for a single spec
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
    /// Compare with what is there, write nothing; exit 1 if they differ
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
    /// A telegram or a record file of the spec; without it the telegram is found by its codes, or by its JSON
    #[arg(long, value_name = "NAME")]
    telegram: Option<String>,
    /// Bytes are hex digits, those that are read as those that are written
    #[arg(long)]
    hex: bool,
    /// What to read; stdin if left out or -
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct DecodeArgs {
    #[command(flatten)]
    telegram: TelegramArgs,
    /// Accept what is often wrong: stripped trailing blanks, bytes left over, blank numbers (as zero), half characters at the end
    /// of a text (dropped), codes that are not on their list, and in a record file a last block that is not full
    #[arg(long)]
    lenient: bool,
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
        Action::Gen(args) => generate::generate(&args),
        Action::Decode(args) => telegrams::decode(&args),
        Action::Encode(args) => telegrams::encode(&args),
        Action::Explain(args) => telegrams::explain(&args),
        Action::Text(action) => text::text(&action),
    };
    end::exit_code(ended)
}

//! The command `fep`: tools for telegram specs.
//!
//! The contract that scripts rely on: data on stdout, messages on stderr; exit 0 clean, 1 findings, 2 usage or could not run;
//! `-` is stdin or stdout; colour on a terminal only. The library does the work. The command adds arguments, files and exit
//! codes.

mod check;
mod doc;
mod progress;
mod end;
mod files;
mod fmt;
mod generate;
mod glued;
mod import;
mod layout;
mod messages;
mod sample;
mod telegrams;
mod frames;
mod encode;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

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
    Check(check::CheckArgs),
    /// Lay out specs anew: one item a line, columns aligned, comments kept
    Fmt(fmt::FmtArgs),
    /// Write specs as annotated Rust structs
    Gen(generate::GenArgs),
    /// Offsets, lengths and kinds of all items, as a table or as JSON
    Layout(layout::LayoutArgs),
    /// Specs → design sheets for people: Markdown or one HTML file each
    Doc(doc::DocArgs),
    /// A design sheet (xlsx, xls, ods, csv) or a COBOL copybook → a spec, with a report of what contradicts itself
    Import(import::ImportArgs),
    /// Valid telegrams at the limits of every field: largest numbers, longest texts, full groups, each case
    Sample(sample::SampleArgs),
    /// Bytes on stdin or in FILE → JSON, one line for each record or telegram (telegrams may follow each other directly)
    Decode(telegrams::DecodeArgs),
    /// JSON objects on stdin or in FILE → bytes on stdout
    Encode(telegrams::TelegramArgs),
    /// Bytes → the meaning of each of them; secrets are masked
    Explain(telegrams::ExplainArgs),
    /// Characters above their bytes in a charset, as a ruler; byte counts in all charsets
    #[command(subcommand)]
    Text(text::TextAction),
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
        Action::Doc(args) => doc::doc(&args),
        Action::Import(args) => import::import(&args),
        Action::Sample(args) => sample::sample(&args),
        Action::Decode(args) => telegrams::decode(&args),
        Action::Encode(args) => encode::encode(&args),
        Action::Explain(args) => telegrams::explain(&args),
        Action::Text(action) => text::text(&action),
    };
    end::exit_code(ended)
}

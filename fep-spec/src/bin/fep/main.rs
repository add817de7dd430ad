//! The command `fep`: tools for telegram specs.
//!
//! The contract that scripts rely on: data on stdout, messages on stderr; exit 0 clean, 1 findings, 2 usage or could not run;
//! `-` is stdin or stdout; colour on a terminal only, unless it is asked for. The library does the work. The command adds arguments, files and exit
//! codes.

mod check;
mod commit;
mod diff;
mod doc;
mod progress;
mod end;
mod files;
mod fmt;
mod generate;
mod glued;
mod source;
mod import;
mod layout;
mod messages;
mod sample;
mod schema;
mod frames;
mod telegrams;
mod encode;
mod text;
mod wire;
mod new;
mod send;
mod manual;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

/// Telegram specs: check them, generate Rust, decode, encode and explain telegrams.
#[derive(Debug, Parser)]
#[command(name = "fep", version, max_term_width = 100)]
#[command(after_help = AFTER_HELP)]
struct Command {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    colour: colorchoice_clap::Color,
}

/// The way from a sheet to an exchange.
const AFTER_HELP: &str = "\
To begin with: `fep new coop` makes a folder with an example; its README has the commands up to an exchange.
The usual path, from the institution's sheet to an exchange:
  fep import bank.xlsx -o bank.toml              a spec, and what contradicts itself in the sheet
  fep check bank.toml                            mistakes in the spec, each with what to do
  fep layout bank.toml                           the telegrams with offsets and lengths
  fep encode --spec bank.toml request.json > request.bin
  fep explain --spec bank.toml request.bin       what each byte is
  fep send --spec bank.toml --to HOST:PORT request.json   a test exchange: the answer, decoded
  fep gen bank.toml -o bank.rs                   the telegrams as Rust structs

Each command has examples: fep COMMAND --help.
The format of spec files: fep-spec/src/spec_file.md, also in the documentation of the crate fep_spec.
Exit: 0 clean; 1 findings (warnings too) or bytes that cannot be read; 2 could not run.
Colour: --color, NO_COLOR, CLICOLOR_FORCE and CLICOLOR; otherwise on a terminal only.";

#[derive(Debug, Subcommand)]
enum Action {
    /// A project folder that runs against the simulator at once: from an example, a sheet, a copybook or a spec
    New(new::NewArgs),
    /// Find mistakes in specs: sums, offsets, names, conditions
    Check(check::CheckArgs),
    /// Lay out specs anew: one item a line, columns aligned, comments kept
    Fmt(fmt::FmtArgs),
    /// Write specs as annotated Rust structs
    Gen(generate::GenArgs),
    /// Offsets, lengths and kinds of all items, as a table or as JSON
    Layout(layout::LayoutArgs),
    /// What changed between two versions of a spec, and what of it breaks telegrams
    Diff(diff::DiffArgs),
    /// Specs → design sheets for people: Markdown or one HTML file each
    Doc(doc::DocArgs),
    /// A design sheet (xlsx, xls, ods, csv) or a COBOL copybook → a spec, with a report of what contradicts itself
    Import(import::ImportArgs),
    /// The JSON Schema of spec files, with which editors complete and check them
    Schema(schema::SchemaArgs),
    /// Valid telegrams at the limits of every field: largest numbers, longest texts, full groups, each case
    Sample(sample::SampleArgs),
    /// Bytes on stdin or in FILE → JSON, one line for each record or telegram (telegrams may follow each other directly)
    Decode(telegrams::DecodeArgs),
    /// JSON objects on stdin or in FILE → bytes on stdout
    Encode(telegrams::TelegramArgs),
    /// Bytes → the meaning of each of them; secrets are masked
    Explain(telegrams::ExplainArgs),
    /// One telegram over TCP, and its answer; secrets are masked
    Send(send::SendArgs),
    /// Characters above their bytes in a charset, as a ruler; byte counts in all charsets
    #[command(subcommand)]
    Text(text::TextAction),
    /// Completions of this command for a shell
    Completions(manual::CompletionsArgs),
    /// The manual page of this command, or of one of its commands
    Man(manual::ManArgs),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: excerpts with carets, rulers
    #[default]
    Text,
    /// The same facts for programs
    Json,
}

/// Says nothing of a panic after which a damaged workbook is refused.
fn quiet_while_guarded() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !fep_spec::import::sheet::is_guarded() {
            hook(panic);
        }
    }));
}

fn main() -> ExitCode {
    let command = Command::parse();
    command.colour.write_global();
    quiet_while_guarded();
    let ended = match command.action {
        Action::New(args) => new::new(&args),
        Action::Check(args) => check::check(&args),
        Action::Fmt(args) => fmt::fmt(&args),
        Action::Gen(args) => generate::generate(&args),
        Action::Layout(args) => layout::layout(&args),
        Action::Diff(args) => diff::diff(&args),
        Action::Doc(args) => doc::doc(&args),
        Action::Import(args) => import::import(&args),
        Action::Schema(args) => schema::schema(&args),
        Action::Sample(args) => sample::sample(&args),
        Action::Decode(args) => telegrams::decode(&args),
        Action::Encode(args) => encode::encode(&args),
        Action::Explain(args) => telegrams::explain(&args),
        Action::Send(args) => send::send(&args),
        Action::Text(action) => text::text(&action),
        Action::Completions(args) => manual::completions(&args, Command::command()),
        Action::Man(args) => manual::man(&args, Command::command()),
    };
    end::exit_code(ended)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_help_of_each_command_has_an_example() {
        fn check(command: &mut clap::Command) {
            for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
                let help = sub.render_long_help().to_string();
                assert!(sub.has_subcommands() || help.contains("Example"), "{help}");
                assert!(sub.has_subcommands() || help.contains(&format!("fep {}", path(sub))), "{help}");
                check(sub);
            }
        }
        /// `text encode`
        fn path(command: &clap::Command) -> String {
            let name = command.get_bin_name().unwrap_or(command.get_name());
            name.trim_start_matches("fep ").to_owned()
        }
        let mut command = super::Command::command();
        command.build();
        check(&mut command);
    }

    #[test]
    fn the_help_names_the_usual_path() {
        let help = super::Command::command().render_long_help().to_string();
        let steps = ["fep import", "fep check", "fep layout", "fep encode", "fep explain"];
        let places: Vec<_> = steps.iter().map(|step| help.find(step)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{help}");
    }
}

//! `fep completions`, `fep man`: files for shells and for `man`, made of the same arguments that the command reads.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::end::{Ended, Outcome, Stop, print};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fep completions bash > ~/.local/share/bash-completion/completions/fep\n  \
    fep completions zsh > ~/.zfunc/_fep            (with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc)\n  \
    fep completions fish > ~/.config/fish/completions/fep.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fep man | man -l -\n  fep man text encode | man -l -\n  \
                        fep man --out ~/.local/share/man/man1            then: man fep-encode")]
pub(crate) struct ManArgs {
    /// The command whose page is printed, as in `fep man text encode`; if left out, the page of `fep`
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of `fep` and of all its commands into this folder, which is made if it is missing
    #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
    /// Overwrite files that are there
    #[arg(long, requires = "out")]
    force: bool,
}

/// Prints the completions for a shell.
pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "fep", &mut script);
    print(&script).map(|()| Outcome::Clean)
}

/// Prints one page, or writes all of them.
pub(crate) fn man(args: &ManArgs, mut command: Command) -> Ended {
    command = command.disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.out else {
        let mut wanted = &command;
        for name in &args.command {
            wanted = wanted.find_subcommand(name).ok_or_else(|| {
                let known: Vec<_> = wanted.get_subcommands().map(Command::get_name).collect();
                Stop::Message(format!("there is no command `{name}` here; there are: {}", known.join(", ")))
            })?;
        }
        return print(&page(wanted)?.1).map(|()| Outcome::Clean);
    };
    let mut pages = Vec::new();
    add_pages(&command, &mut pages)?;
    let paths: Vec<_> = pages.iter().map(|(name, _)| folder.join(name)).collect();
    if let Some(taken) = paths.iter().find(|path| !args.force && path.exists()) {
        return Err(Stop::Message(format!("{} is there already: --force overwrites it", taken.display())));
    }
    let cannot = |path: &PathBuf, error| Stop::Message(format!("cannot write {}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    for (path, (_, text)) in paths.iter().zip(&pages) {
        std::fs::write(path, text).map_err(|error| cannot(path, error))?;
    }
    Ok(Outcome::Clean)
}

/// The pages of a command and of its commands, each with its file name.
fn add_pages(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Stop> {
    pages.push(page(command)?);
    command.get_subcommands().try_for_each(|sub| add_pages(sub, pages))
}

/// The page of a command, with its file name.
fn page(command: &Command) -> Result<(String, Vec<u8>), Stop> {
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render(&mut text).map_err(|error| Stop::Message(format!("the page cannot be made: {error}")))?;
    Ok((man.get_filename(), text))
}

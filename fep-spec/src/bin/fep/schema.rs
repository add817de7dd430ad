//! `fep schema`: the JSON Schema of spec files, for editors.

use std::path::PathBuf;

use clap::Args;

use crate::end::{Ended, Outcome};
use crate::files::write;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fep schema -o fep.schema.json\n\n\
                        An editor with Taplo (Even Better TOML in VS Code) uses it when the first line of a spec is\n  \
                        #:schema ./fep.schema.json\n\n\
                        The editor completes keys and marks wrong ones. `fep check` finds more, because it knows the whole spec.")]
pub(crate) struct SchemaArgs {
    /// The file to write, or - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

/// Writes the schema.
pub(crate) fn schema(args: &SchemaArgs) -> Ended {
    let text = format!("{:#}\n", fep_spec::schema::schema());
    write(&args.out, text.as_bytes(), args.force)?;
    Ok(Outcome::Clean)
}

//! `fep layout`: the offsets and lengths of a spec's telegrams, for other tools and for people.

use std::path::PathBuf;

use clap::Args;
use fep_spec::listing::Listing;
use fep_spec::model::Spec;

use crate::Format;
use crate::end::{Ended, Outcome, Stop, print};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fep layout specs/bank-a/bank-a.toml --telegram Transfer --format json\n\n\
                        The documentation of fep_spec::listing describes each key of the JSON.")]
pub(crate) struct LayoutArgs {
    /// A spec file
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    /// Only this telegram
    #[arg(long, value_name = "NAME")]
    telegram: Option<String>,
    /// A table, or one JSON document
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Prints the layouts of a spec.
pub(crate) fn layout(args: &LayoutArgs) -> Ended {
    let spec = Spec::load(&args.spec)?;
    let mut listing = Listing::of(&spec);
    if let Some(wanted) = &args.telegram {
        listing.telegrams.retain(|telegram| telegram.name == *wanted);
        if listing.telegrams.is_empty() {
            let names: Vec<_> = spec.telegrams.iter().map(|telegram| telegram.name()).collect();
            return Err(Stop::Message(format!(
                "{} has no telegram `{wanted}`; it has {}",
                spec.name,
                names.join(", ")
            )));
        }
    }
    match args.format {
        Format::Text => print(listing.to_string().as_bytes())?,
        Format::Json => print((listing.to_json() + "\n").as_bytes())?,
    }
    Ok(Outcome::Clean)
}

//! `fep sample`: valid telegrams at the limits of every field, as JSON, bytes or hex digits.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use fep_spec::hex::hex;
use fep_spec::model::{FileSpec, Spec, TelegramSpec};
use fep_spec::samples::{BETWEEN_MAX, FileSample, Options, REPEAT_MAX, Sample, Samples};

use crate::end::{Ended, Outcome, Stop, note, print};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fep sample specs/bank-a/bank-a.toml --telegram Transfer | less\n  \
    fep sample specs/bank-a/bank-a.toml --telegram Transfer --format bytes | fep explain --spec specs/bank-a/bank-a.toml\n  \
    fep sample specs/bank-a/bank-a.toml | fep encode --spec specs/bank-a/bank-a.toml > all.bin\n  \
    fep sample specs/bank-a/bank-a.toml --format bytes -o samples\n  \
    fep sample specs/kftc-cms/kftc-cms.toml --telegram EB13 --format bytes > EB13.dat\n\n\
    A line of JSON: {\"telegram\": NAME, \"sample\": \"amount: largest\", \"fields\": {…}, \"bytes\": \"hex digits\"}.\n\
    `fep encode` reads such lines, ignores `sample` and compares its result with `bytes`.\n\
    A limit that no valid telegram can have is named on stderr with the reason. That is no finding.")]
pub(crate) struct SampleArgs {
    /// A spec file
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    /// Only this telegram; or a record file, as a whole with its totals
    #[arg(long, value_name = "NAME")]
    telegram: Option<String>,
    /// The same seed makes the same samples; another one changes the values between the limits
    #[arg(long, value_name = "N", default_value_t = Options::default().seed)]
    seed: u64,
    /// The samples of each telegram with all values between the limits, 1 if left out; for a record file, how often a record comes
    /// that may repeat, 3 if left out
    #[arg(long, value_name = "N", value_parser = count)]
    count: Option<usize>,
    /// One JSON object a line, telegrams that follow each other, or a line of hex digits for each
    #[arg(long, value_enum, default_value_t)]
    format: SampleFormat,
    /// A folder for one file each; it is created. Without it, the samples are printed
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Overwrite files in the folder
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum SampleFormat {
    /// One object a line
    #[default]
    Json,
    /// The bytes alone
    Bytes,
    /// Hex digits, one telegram a line
    Hex,
}

/// How often a record of a file comes that may repeat.
const REPEAT: usize = 3;

impl SampleFormat {
    fn of(self, sample: &Sample<'_>) -> Vec<u8> {
        match self {
            Self::Json => (sample.to_json() + "\n").into_bytes(),
            Self::Bytes => sample.bytes.clone(),
            Self::Hex => (hex(&sample.bytes) + "\n").into_bytes(),
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Bytes => "bin",
            Self::Hex => "hex",
        }
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= BETWEEN_MAX => Ok(count),
        Ok(_) => Err(format!("at most {BETWEEN_MAX}")),
        Err(_) => Err("not a number".to_owned()),
    }
}

/// Prints or writes the samples of a spec.
pub(crate) fn sample(args: &SampleArgs) -> Ended {
    let spec = Spec::load(&args.spec)?;
    // Files that follow each other on stdout could not be told apart, so they are only written into a folder, or if one is named.
    let mut telegrams: Vec<&TelegramSpec> = spec.telegrams.iter().collect();
    let mut files: Vec<&FileSpec> = if args.output.is_some() { spec.files.iter().collect() } else { Vec::new() };
    if let Some(name) = &args.telegram {
        telegrams = spec.telegram(name).into_iter().collect();
        files = spec.file(name).into_iter().collect();
        if telegrams.is_empty() && files.is_empty() {
            return Err(unknown(&spec, name));
        }
    }
    let mut folder = args.output.as_deref().map(|path| Folder::new(path, args)).transpose()?;
    let options = Options { seed: args.seed, between: args.count.unwrap_or(Options::default().between) };
    for telegram in telegrams {
        let samples = Samples::of(&spec, telegram, options);
        for (number, sample) in samples.all.iter().enumerate() {
            let data = args.format.of(sample);
            match &mut folder {
                None => print(&data)?,
                Some(folder) => {
                    folder.write(&file_name(telegram.name(), number + 1, &sample.shows, args.format), &data)?
                }
            }
        }
        for impossible in &samples.impossible {
            note(&format!("{}: {impossible}", telegram.name()));
        }
    }
    for file in files {
        let data = file_data(&spec, file, args)?;
        match &mut folder {
            None => print(&data)?,
            Some(folder) => folder.write(&format!("{}.{}", file.name, args.format.ending()), &data)?,
        }
    }
    if let Some(folder) = folder {
        note(&format!("{} files in {}", folder.written, folder.path.display()));
    }
    Ok(Outcome::Clean)
}

/// A record file in the form that the user named.
fn file_data(spec: &Spec, file: &FileSpec, args: &SampleArgs) -> Result<Vec<u8>, Stop> {
    let repeat = args.count.unwrap_or(REPEAT);
    if repeat > REPEAT_MAX {
        return Err(Stop::Message(format!("a record of a file comes at most {REPEAT_MAX} times")));
    }
    let sample = FileSample::of(spec, file, args.seed, repeat)
        .map_err(|why| Stop::Message(format!("no sample of the file {}: {why}", file.name)))?;
    Ok(match args.format {
        SampleFormat::Json => (sample.lines.join("\n") + "\n").into_bytes(),
        SampleFormat::Bytes => sample.bytes,
        SampleFormat::Hex => (hex(&sample.bytes) + "\n").into_bytes(),
    })
}

fn unknown(spec: &Spec, wanted: &str) -> Stop {
    let telegrams = spec.telegrams.iter().map(|telegram| telegram.name());
    let names: Vec<_> = telegrams.chain(spec.files.iter().map(|file| file.name.as_str())).collect();
    Stop::Message(format!("{} has no telegram and no file `{wanted}`; it has {}", spec.name, names.join(", ")))
}

/// `Transfer-0007-amount-largest.bin`: ASCII letters and digits, so that every file system has it.
fn file_name(telegram: &str, number: usize, shows: &str, format: SampleFormat) -> String {
    const SHOWS_MAX_CHARS: usize = 60;
    let words = shows.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut shows = words.collect::<Vec<_>>().join("-");
    shows.truncate(SHOWS_MAX_CHARS);
    format!("{telegram}-{number:04}-{shows}.{}", format.ending())
}

/// The folder that the user named.
struct Folder<'a> {
    path: &'a Path,
    force: bool,
    written: usize,
}

impl<'a> Folder<'a> {
    fn new(path: &'a Path, args: &SampleArgs) -> Result<Self, Stop> {
        std::fs::create_dir_all(path)
            .map_err(|error| Stop::Message(format!("cannot create {}: {error}", path.display())))?;
        Ok(Self { path, force: args.force, written: 0 })
    }

    fn write(&mut self, name: &str, data: &[u8]) -> Result<(), Stop> {
        use std::io::Write as _;
        let path = self.path.join(name);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).truncate(self.force).create(self.force).create_new(!self.force);
        let written = options.open(&path).and_then(|mut file| file.write_all(data));
        written.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Stop::Message(format!("{} is there already; --force overwrites it", path.display()))
            }
            _ => Stop::Message(format!("cannot write {}: {error}", path.display())),
        })?;
        self.written += 1;
        Ok(())
    }
}

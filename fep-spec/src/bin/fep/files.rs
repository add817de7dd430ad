//! Reading the input that the user named: files, stdin, hex text. Writing the output that the user named.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use fep_spec::load::SpecFile;

use crate::end::{Stop, flush, note, print, stdin_is_terminal};

/// Opens a file, or stdin.
pub(crate) fn open(file: Option<&Path>) -> Result<Box<dyn io::Read>, Stop> {
    match file {
        Some(path) if path != Path::new("-") => match std::fs::File::open(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(Stop::Message(format!("cannot read {}: {error}", path.display()))),
        },
        _ => {
            if stdin_is_terminal() {
                note("reading from the terminal, Ctrl-D ends it");
            }
            Ok(Box::new(Stdin(io::stdin().lock())))
        }
    }
}

/// Stdin. A read may wait, so the data that was printed is written before.
struct Stdin(io::StdinLock<'static>);

impl io::Read for Stdin {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // The next data to be printed reports a failure.
        let _ = flush();
        self.0.read(out)
    }
}

/// The bytes of a file, or of stdin.
pub(crate) fn read(file: Option<&Path>) -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    let name =
        file.filter(|path| *path != Path::new("-")).map_or("stdin".to_owned(), |path| path.display().to_string());
    let read = open(file)?.read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| Stop::Message(format!("cannot read {name}: {error}")))
}

/// The bytes of a file. With `hex` the file contains them as hex digits.
pub(crate) fn read_bytes(file: Option<&Path>, hex: bool) -> Result<Vec<u8>, Stop> {
    let bytes = read(file)?;
    if hex { from_hex(&bytes).map_err(Stop::Message) } else { Ok(bytes) }
}

/// The text of a file, which must be UTF-8.
pub(crate) fn read_text(file: Option<&Path>) -> Result<String, Stop> {
    String::from_utf8(read(file)?).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Stop::Message(format!("the input is not UTF-8 text, see byte {offset}"))
    })
}

/// The spec on stdin. The files that it includes are looked for in the working folder.
pub(crate) fn spec_on_stdin() -> Result<SpecFile, Stop> {
    Ok(SpecFile { path: PathBuf::from("stdin"), name: "stdin".to_owned(), text: read_text(None)? })
}

/// Writes a file, or `-` for stdout. A file that is there is kept, unless it may be overwritten.
pub(crate) fn write(path: &Path, data: &[u8], force: bool) -> Result<(), Stop> {
    if path == Path::new("-") {
        return print(data);
    }
    if !force && path.exists() {
        return Err(Stop::Message(format!("{} is there already: --force overwrites it", path.display())));
    }
    std::fs::write(path, data).map_err(|error| Stop::Message(format!("cannot write {}: {error}", path.display())))
}

/// The bytes of hex digits, with white space anywhere.
pub(crate) fn from_hex(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut digits = Vec::new();
    for (at, byte) in text.iter().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace()) {
        let digit = char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        digits.push(digit.ok_or_else(|| format!("the input is no hex text, see byte {at}"))?);
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|[high, low]| high * 16 + low).collect())
    } else {
        Err(format!("the input has {} hex digits, which is not a whole number of bytes", digits.len()))
    }
}

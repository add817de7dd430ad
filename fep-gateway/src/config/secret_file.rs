//! Files with one small secret, such as a password: who may use them. What is in them is the business of who reads them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The maximum length of a file, in bytes.
const MAX_BYTES: u64 = 4096;

/// The text of a file that only its owner and its group may use.
///
/// # Errors
/// If it cannot be read, or others may use it. One line, without a part of the text.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let refused = |why: &str| format!("{}: {why}", path.display());
    let file = File::open(path).map_err(|error| refused(&error.to_string()))?;
    if is_open_to_others(&file) {
        return Err(refused("others than its owner and its group may read it: chmod o-rwx"));
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| refused(&error.to_string()))?;
    Ok(text)
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|file| file.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> bool {
    false
}

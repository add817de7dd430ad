//! Files that a collector of metrics reads, such as that of node_exporter. What they say is not known here.

use std::io::{self, Write as _};
use std::path::Path;

/// Replaces a file that a collector of metrics reads, which may be another user.
///
/// # Errors
/// If it cannot be written.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(path.parent().unwrap_or(Path::new("")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

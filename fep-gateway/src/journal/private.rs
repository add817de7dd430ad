//! Creates files that only the user of the gateway may read: what telegrams say is in them. A file that is there keeps its permissions,
//! because somebody may have given them on purpose.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file, and creates it if it is not there.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a file that is to have the permissions of another one, which it is a copy or a part of.
pub(super) fn create_like(path: &Path, other: &Path) -> io::Result<()> {
    open(path)?.set_permissions(std::fs::metadata(other)?.permissions())
}

//! Which files a receiver got: one JSON line each, durable before the sender is told that its file is complete. A file can be moved away, and its name
//! is still known, so it is not taken a second time.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::time::parse;

/// The name of the file, in the folder that files go into.
const RECEIPTS: &str = ".received.jsonl";

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    /// When, in UTC.
    pub(super) at: String,
    pub(super) name: String,
    pub(super) bytes: u64,
    /// The SHA-256 of the file.
    pub(super) sha256: String,
    /// The other side.
    pub(super) peer: String,
}

/// The lines, and the last one of each name.
#[derive(Debug)]
pub(super) struct Receipts {
    file: File,
    by_name: HashMap<String, Receipt>,
}

impl Receipts {
    /// Reads the lines of a folder, or begins them.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(RECEIPTS);
        let at_path = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(at_path)?;
        let mut by_name = HashMap::new();
        let mut reader = BufReader::new(&file);
        let mut whole = 0;
        let mut text = Vec::new();
        for number in 1.. {
            text.clear();
            let len = reader.read_until(b'\n', &mut text).map_err(at_path)?;
            let Some(line) = text.strip_suffix(b"\n") else { break };
            let damaged = |error| at_path(io::Error::other(format!("line {number}: {error}")));
            let receipt: Receipt = serde_json::from_slice(line).map_err(damaged)?;
            by_name.insert(receipt.name.clone(), receipt);
            whole += u64::try_from(len).unwrap_or(u64::MAX);
        }
        // What was being written when the process ended is no line.
        file.set_len(whole).map_err(at_path)?;
        file.sync_all().map_err(at_path)?;
        Ok(Self { file, by_name })
    }

    /// The file that was received under a name, unless that was before this time, in milliseconds since 1970.
    pub(super) fn of(&self, name: &str, remembers: i64) -> Option<&Receipt> {
        self.by_name.get(name).filter(|receipt| parse(&receipt.at).is_ok_and(|at| at >= remembers))
    }

    /// Adds a line, durably.
    pub(super) fn add(&mut self, receipt: Receipt) -> io::Result<()> {
        let mut line = serde_json::to_vec(&receipt)?;
        line.push(b'\n');
        let len = self.file.metadata()?.len();
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // A piece of a line would spoil the next one. If this fails, too, the next start takes the piece away or says that it is damaged.
            let _ = self.file.set_len(len);
        }
        written?;
        self.by_name.insert(receipt.name.clone(), receipt);
        Ok(())
    }
}

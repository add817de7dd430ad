//! What a process used: processor time, memory, bytes written to disk. From `/proc`; `None` elsewhere.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// The length of one clock tick of `/proc/PID/stat` on Linux.
const TICK: Duration = Duration::from_millis(10);

/// The processor time of all threads of a process, of user and kernel.
pub(crate) fn processor(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may contain blanks. The 14th and the 15th value are the ticks; the list begins at the third.
    let values: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| values.get(at)?.parse::<u32>().ok();
    Some(TICK * (ticks(11)? + ticks(12)?))
}

/// The resident memory of a process, in bytes.
pub(crate) fn memory(process: u32) -> Option<u64> {
    number(&format!("/proc/{process}/status"), "VmRSS:").map(|kilobytes| kilobytes * 1024)
}

/// The bytes that a process caused to be written to disk.
pub(crate) fn written(process: u32) -> Option<u64> {
    number(&format!("/proc/{process}/io"), "write_bytes:")
}

/// The ends of the names of files that do not grow with the journal: the write-ahead logs, which are read into the files behind them,
/// and the room that is kept for a full disk.
const CONSTANT: [&str; 3] = ["-wal", "-shm", ".reserve"];

/// The lengths of the files of a folder that grow, together, in bytes.
pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let is_constant = |name: &str| CONSTANT.iter().any(|end| name.ends_with(end));
    let len = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => folder_bytes(&entry.path()),
        Ok(_) if entry.file_name().to_str().is_some_and(is_constant) => 0,
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.into_iter().map(len).sum()
}

fn number(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

//! [`Recorder`]: frames with the time at which they came, appended to a file that survives a crash. [`Replay`](crate::Replay) reads it.
//!
//! ```text
//!  FEPSTRM1│ len u32 │ time u64 │ crc32 u32 │ frame …│ len …
//! ```
//!
//! All numbers are little endian. The time is in nanoseconds since 1970-01-01 UTC. The check covers the time and the frame. A crash leaves a
//! last entry that is not whole: [`Recorder::open`] cuts it off, says how long it was, and appends. Whole entries behind a damage are no work
//! of a crash, and are not cut off.
//!
//! A recorder is a consumer like any other: it writes on the thread of its caller, and the receiver does not wait for the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::event::Received;

pub(crate) const MAGIC: [u8; 8] = *b"FEPSTRM1";
pub(crate) const HEAD_BYTES: usize = 16;

/// The longest frame of a recording, in bytes. A larger length in a file is a damage.
pub(crate) const FRAME_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Appends frames to a file.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
    len: u64,
    bytes_max: u64,
    cut_bytes: u64,
    /// Whether a write failed. Then a part of an entry may be in the file, and nothing may follow it.
    has_failed: bool,
}

/// The head of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) len: usize,
    pub(crate) at_ns: u64,
    crc: u32,
}

impl Recorder {
    /// Opens or creates a recording of at most `bytes_max` bytes. If it ends in the midst of an entry, that is cut off:
    /// [`Recorder::cut_bytes`] says how much.
    ///
    /// # Errors
    /// If the file cannot be read and written, or is no recording. [`io::ErrorKind::InvalidData`] also if a whole entry stands behind one that
    /// is damaged; the file is not changed then.
    pub fn open(path: impl AsRef<Path>, bytes_max: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Self::of(file, bytes_max)
    }

    /// As [`Recorder::open`], with a file that is open already, for reading and writing. Its caller can lock it before: two recorders of one file
    /// write over each other.
    ///
    /// # Errors
    /// The same as those of [`Recorder::open`].
    pub fn of(mut file: File, bytes_max: u64) -> io::Result<Self> {
        let file_len = file.metadata()?.len();
        let len = match valid_len(&file)? {
            0 => {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                file.write_all(&MAGIC)?;
                MAGIC.len() as u64
            }
            len => {
                file.set_len(len)?;
                file.seek(SeekFrom::Start(len))?;
                len
            }
        };
        let cut_bytes = file_len.saturating_sub(len);
        Ok(Self { file: BufWriter::new(file), len, bytes_max, cut_bytes, has_failed: false })
    }

    /// How many bytes [`Recorder::open`] cut off, because a crash left a part of an entry. 0 if the file was whole.
    #[must_use]
    pub fn cut_bytes(&self) -> u64 {
        self.cut_bytes
    }

    /// Appends a telegram. It is in the file after [`Recorder::flush`], and survives a crash of the machine after [`Recorder::sync`].
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] if the recording would be longer than its maximum; it is not changed then. Also if the file cannot be
    /// written. Then all that follow are refused, because what stands behind a part of an entry cannot be read: [`Recorder::open`] it again.
    pub fn record(&mut self, received: &Received) -> io::Result<()> {
        self.append(received.at_ns, &received.frame)
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.flush();
        self.watched(flushed)
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        let synced = self.file.get_ref().sync_data();
        self.watched(synced)
    }

    /// The length of the recording in bytes, with what is not flushed.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a recording has a head")]
    pub fn len(&self) -> u64 {
        self.len
    }

    fn append(&mut self, at_ns: u64, frame: &[u8]) -> io::Result<()> {
        let bytes = (HEAD_BYTES + frame.len()) as u64;
        let len = u32::try_from(frame.len()).ok().filter(|_| frame.len() <= FRAME_MAX_BYTES);
        let len =
            len.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the frame is too long for a recording"))?;
        if self.len.saturating_add(bytes) > self.bytes_max {
            let reason = format!("the recording has {} of at most {} bytes", self.len, self.bytes_max);
            return Err(io::Error::new(io::ErrorKind::StorageFull, reason));
        }
        if self.has_failed {
            let reason = "the recording could not be written before: a part of an entry may be in it; open it again";
            return Err(io::Error::other(reason));
        }
        let written = self.write(len, at_ns, frame);
        self.watched(written)?;
        self.len += bytes;
        Ok(())
    }

    fn write(&mut self, len: u32, at_ns: u64, frame: &[u8]) -> io::Result<()> {
        self.file.write_all(&len.to_le_bytes())?;
        self.file.write_all(&at_ns.to_le_bytes())?;
        self.file.write_all(&check(at_ns, frame).to_le_bytes())?;
        self.file.write_all(frame)
    }

    fn watched(&mut self, result: io::Result<()>) -> io::Result<()> {
        self.has_failed |= result.is_err();
        result
    }
}

impl Head {
    /// The head of the next entry, or `None` if its length is a damage.
    pub(crate) fn read(bytes: [u8; HEAD_BYTES]) -> Option<Self> {
        let [a, b, c, d, t0, t1, t2, t3, t4, t5, t6, t7, e, f, g, h] = bytes;
        let len = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok().filter(|len| *len <= FRAME_MAX_BYTES)?;
        let at_ns = u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]);
        Some(Self { len, at_ns, crc: u32::from_le_bytes([e, f, g, h]) })
    }

    /// Whether this is the frame of the entry.
    pub(crate) fn fits(&self, frame: &[u8]) -> bool {
        check(self.at_ns, frame) == self.crc
    }
}

fn check(at_ns: u64, frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&at_ns.to_le_bytes());
    hasher.update(frame);
    hasher.finalize()
}

/// How many bytes of the file are a recording: 0 if it does not have its head yet.
fn valid_len(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0))?;
    let mut magic = Vec::new();
    reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
    if magic != MAGIC {
        // A crash can leave a part of the head.
        return match MAGIC.starts_with(&magic) {
            true => Ok(0),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file is no recording: it does not begin with FEPSTRM1",
            )),
        };
    }
    let mut len = MAGIC.len() as u64;
    let mut frame = Vec::new();
    loop {
        let mut head = [0; HEAD_BYTES];
        let Some(head) = read_whole(&mut reader, &mut head)?.then_some(head).and_then(Head::read) else {
            return Ok(len);
        };
        frame.clear();
        reader.by_ref().take(head.len as u64).read_to_end(&mut frame)?;
        if frame.len() != head.len {
            return Ok(len);
        }
        if !head.fits(&frame) {
            refuse_whole_entries(&mut reader, len)?;
            return Ok(len);
        }
        len += (HEAD_BYTES + frame.len()) as u64;
    }
}

/// A crash damages the end of a file, and a damage in the midst is something else: what stands behind it must not be cut off.
fn refuse_whole_entries(reader: &mut BufReader<&File>, damaged_at: u64) -> io::Result<()> {
    let mut head = [0; HEAD_BYTES];
    if !read_whole(reader, &mut head)? {
        return Ok(());
    }
    let Some(head) = Head::read(head) else { return Ok(()) };
    let mut frame = Vec::new();
    reader.by_ref().take(head.len as u64).read_to_end(&mut frame)?;
    if frame.len() != head.len || !head.fits(&frame) {
        return Ok(());
    }
    let reason = format!(
        "the recording is damaged: the check of the entry at byte {damaged_at} is wrong, and whole entries follow it; keep the file and record \
         to another one"
    );
    Err(io::Error::new(io::ErrorKind::InvalidData, reason))
}

/// Fills the buffer. Returns `false` if the file ends before.
fn read_whole(reader: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

    use super::*;

    #[test]
    fn behind_a_write_that_failed_nothing_is_recorded() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), MAGIC).unwrap();
        // A file that can only be read: the first entry that does not fit in the buffer fails.
        let read_only = BufWriter::new(File::open(file.path()).unwrap());
        let mut recorder = Recorder { file: read_only, len: 8, bytes_max: 1 << 30, cut_bytes: 0, has_failed: false };
        assert!(recorder.append(1, &[b'x'; 100_000]).is_err());
        let error = recorder.append(2, b"y").unwrap_err();
        assert!(error.to_string().ends_with("open it again"), "{error}");
    }
}

//! The progress of a long input, on stderr. Only for a person: both stderr is a terminal, and stdout is not, because data that is
//! shown on the same terminal is progress enough.

use std::io::{self, IsTerminal as _, Read};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// An input that is read for a shorter time shows nothing.
const QUIET: Duration = Duration::from_millis(700);

/// The bar that is shown. Messages on stderr go around it.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// An input that shows how much of it was read.
struct Counted {
    input: Box<dyn Read>,
    /// The length of the input, if it is a file.
    len: Option<u64>,
    read: u64,
    since: Instant,
}

/// Shows the progress of an input, if there is a person who sees it.
pub(crate) fn watch(input: Box<dyn Read>, len: Option<u64>) -> Box<dyn Read> {
    if !io::stderr().is_terminal() || io::stdout().is_terminal() {
        return input;
    }
    Box::new(Counted { input, len, read: 0, since: Instant::now() })
}

/// Writes to stderr without damage to the bar.
pub(crate) fn around<T>(write: impl FnOnce() -> T) -> T {
    match SHOWN.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(out)?;
        self.read = self.read.saturating_add(len as u64);
        if self.since.elapsed() > QUIET {
            let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
            if len == 0 {
                shown.take().iter().for_each(ProgressBar::finish_and_clear);
            } else {
                shown.get_or_insert_with(|| bar(self.len)).set_position(self.read);
            }
        }
        Ok(len)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(bar) = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

fn bar(len: Option<u64>) -> ProgressBar {
    let template = match len {
        Some(_) => "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        None => "{spinner} {bytes}, {bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(len, ProgressDrawTarget::stderr()).with_style(style)
}

//! One transaction as one side has it: a record of the institution's file, or an exchange of the journal. Rows have what is compared and where it
//! came from, and nothing else. Where they come from is not decided here.

use std::io::{self, Read};

/// What became of the money, according to one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It was moved.
    Done,
    /// It was not moved, and never will be.
    NotDone,
    /// The same, by the answer to the request itself. Only our side can say so.
    Declined,
    /// The institution never got the request. Only our side can say so.
    NotSent,
    /// It was moved back.
    Reversed,
    /// We do not know. Only our side can say so.
    Unsettled,
    /// The record does not say, as the configuration reads it. Only the institution's side can say so.
    Unclear,
}

impl State {
    const ALL: [Self; 7] =
        [Self::Done, Self::NotDone, Self::Declined, Self::NotSent, Self::Reversed, Self::Unsettled, Self::Unclear];

    /// The name in reports: `done`, `not_done`, `declined`, `not_sent`, `reversed`, `unsettled`, `unclear`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotDone => "not_done",
            Self::Declined => "declined",
            Self::NotSent => "not_sent",
            Self::Reversed => "reversed",
            Self::Unsettled => "unsettled",
            Self::Unclear => "unclear",
        }
    }

    fn code(self) -> u8 {
        Self::ALL.iter().position(|state| *state == self).and_then(|at| u8::try_from(at).ok()).unwrap_or_default()
    }

    fn of_code(code: u8) -> io::Result<Self> {
        Self::ALL.get(usize::from(code)).copied().ok_or_else(damaged)
    }
}

/// One transaction as one side has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// What tells transactions apart, the same on both sides: see [`Key`].
    pub(super) key: Key,
    /// The amount, counted in the smallest unit of both sides. `None` if amounts are not compared.
    pub(super) amount: Option<i128>,
    /// What became of it.
    pub(super) state: State,
    /// The business date, in days since 1970-01-01.
    pub(super) day: i64,
    /// Where it came from: the number of the record, or the bytes of the exchange's ID.
    pub(super) origin: [u8; 16],
}

/// The texts of the key fields, each behind its length, so that no two keys have the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(Box<[u8]>);

impl Key {
    /// The key of these texts. A text is cut at 65,535 bytes, which no field has.
    pub(super) fn of(texts: &[String]) -> Self {
        let mut bytes = Vec::with_capacity(texts.iter().map(|text| text.len() + 2).sum());
        for text in texts {
            let text = text.as_bytes();
            let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
            bytes.extend(len.to_be_bytes());
            bytes.extend_from_slice(text.get(..usize::from(len)).unwrap_or(text));
        }
        Self(bytes.into())
    }

    /// The texts.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        let mut rest = &*self.0;
        while let Some((len, behind)) = rest.split_first_chunk::<2>() {
            let len = usize::from(u16::from_be_bytes(*len));
            let Some((text, behind)) = behind.split_at_checked(len) else { break };
            texts.push(String::from_utf8_lossy(text).into_owned());
            rest = behind;
        }
        texts
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Appends the key as it is stored: behind its length.
    pub(super) fn put(&self, to: &mut Vec<u8>) {
        let len = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        to.extend(len.to_le_bytes());
        to.extend_from_slice(&self.0);
    }

    /// The key at the start of these bytes, and the length of the whole row with `tail` bytes behind it.
    pub(super) fn stored(bytes: &[u8], tail: usize) -> Option<(&[u8], usize)> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        Some((rest.get(..len)?, 4 + len + tail))
    }

    /// Reads the next stored key. `None` at the end.
    pub(super) fn take(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut len = [0; 4];
        match from.read(&mut len)? {
            0 => return Ok(None),
            read => from.read_exact(len.get_mut(read..).unwrap_or_default())?,
        }
        let len = usize::try_from(u32::from_le_bytes(len)).map_err(|_| damaged())?;
        let mut key = vec![0; len];
        from.read_exact(&mut key)?;
        Ok(Some(Self(key.into())))
    }
}

/// A row that can be sorted.
pub(super) trait Sortable: Sized {
    /// By what it is sorted.
    fn key(&self) -> &Key;

    /// Appends the row as it is stored.
    fn put(&self, to: &mut Vec<u8>);

    /// The key of a stored row and the length of the whole row, both at the start of these bytes.
    fn stored(bytes: &[u8]) -> Option<(&[u8], usize)>;

    /// Reads the next stored row. `None` at the end.
    ///
    /// # Errors
    /// If it does not have what was written to it.
    fn take(from: &mut impl Read) -> io::Result<Option<Self>>;
}

/// The bytes of a stored row behind its key.
const TAIL_BYTES: usize = 1 + 1 + 16 + 8 + 16;

impl Sortable for Row {
    fn key(&self) -> &Key {
        &self.key
    }

    fn put(&self, to: &mut Vec<u8>) {
        self.key.put(to);
        to.push(self.state.code());
        to.push(u8::from(self.amount.is_some()));
        to.extend(self.amount.unwrap_or_default().to_le_bytes());
        to.extend(self.day.to_le_bytes());
        to.extend_from_slice(&self.origin);
    }

    fn stored(bytes: &[u8]) -> Option<(&[u8], usize)> {
        Key::stored(bytes, TAIL_BYTES)
    }

    fn take(from: &mut impl Read) -> io::Result<Option<Self>> {
        let Some(key) = Key::take(from)? else { return Ok(None) };
        let mut tail = [0; TAIL_BYTES];
        from.read_exact(&mut tail)?;
        let [state, has_amount, rest @ ..] = tail;
        let (amount, rest) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
        let (day, rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        let origin = *rest.first_chunk::<16>().ok_or_else(damaged)?;
        Ok(Some(Self {
            key,
            amount: (has_amount == 1).then(|| i128::from_le_bytes(*amount)),
            state: State::of_code(state)?,
            day: i64::from_le_bytes(*day),
            origin,
        }))
    }
}

/// A file of ours that does not have what was written to it.
pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a temporary file does not have what was written to it")
}

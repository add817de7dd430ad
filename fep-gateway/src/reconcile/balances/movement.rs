//! What a transfer can have done to a balance between two moments. The journal knows from when and until when the institution can have moved the
//! money, and not the moment itself. So a transfer that may lie on either side of a moment has two possible effects, and never one that is guessed.
//!
//! ```text
//!               from                     to
//!   ── [a b] ─────┼────────────────────────┼──────►   before it: no effect
//!   ──────────────┼────── [a b] ───────────┼──────►   within: its amount
//!   ──────── [a ──┼── b] ──────────────────┼──────►   either
//!   ──────────────┼─── [a ─────────────────┼──────►   unknown, since a: either
//! ```

use std::io::{self, Read};

use super::super::row::{Key, Sortable, damaged};

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was carried out, and the institution said so at once.
    Done,
    /// It was carried out, and that was known later.
    Late,
    /// It was moved back.
    Reversed,
    /// Nobody knows, or it runs.
    Unknown,
}

impl Fate {
    const ALL: [Self; 4] = [Self::Done, Self::Late, Self::Reversed, Self::Unknown];

    /// The name in reports: `done`, `late`, `reversed`, `unknown`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Late => "late",
            Self::Reversed => "reversed",
            Self::Unknown => "unknown",
        }
    }
}

/// The time between two moments. A movement at `from_ms` is in it, and one at `to_ms` is not. In milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

/// A transfer that may have moved a balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Movement {
    /// The account, or an empty key if there is one balance.
    pub(super) account: Key,
    /// What it does to the balance when it is carried out: negative if money goes out.
    pub(super) amount: i128,
    /// The least and the greatest effect that it can have had in the window.
    pub(super) effect: (i128, i128),
    pub(super) fate: Fate,
    /// The first moment at which it can have moved the balance, in milliseconds since 1970.
    pub(super) since_ms: i64,
    /// The last one. `i64::MAX` if there is none.
    pub(super) until_ms: i64,
    /// The bytes of the exchange's ID.
    pub(super) origin: [u8; 16],
}

impl Movement {
    /// Whether it has one effect only.
    pub(super) fn is_certain(&self) -> bool {
        self.effect.0 == self.effect.1
    }

    /// Whether it can lie at most this far from a moment.
    pub(super) fn is_near(&self, moment_ms: i64, near_ms: i64) -> bool {
        self.since_ms.saturating_sub(near_ms) <= moment_ms && moment_ms <= self.until_ms.saturating_add(near_ms)
    }
}

/// The least and the greatest effect in a window of a transfer that moved the balance by `amount` at some time from `since_ms` to `until_ms`.
/// `can_be_reversed`: whether one that nobody knows of may have been moved back.
pub(super) fn effect(
    window: Window,
    (since_ms, until_ms): (i64, i64),
    (fate, can_be_reversed): (Fate, bool),
    amount: i128,
) -> (i128, i128) {
    let Window { from_ms, to_ms } = window;
    let can_be_before = since_ms < from_ms;
    let can_be_within = from_ms < to_ms && since_ms < to_ms && until_ms >= from_ms;
    let can_be_behind = until_ms >= to_ms;
    let (moves, moves_nothing, moves_back) = match fate {
        Fate::Done | Fate::Late => (can_be_within, can_be_before || can_be_behind, false),
        // It may have been moved and moved back at once, or before the way back began.
        Fate::Reversed => (can_be_within && can_be_behind, true, can_be_before && can_be_within),
        Fate::Unknown => (can_be_within, true, can_be_reversed && can_be_before && can_be_within),
    };
    let possible = [(moves, amount), (moves_nothing, 0), (moves_back, amount.saturating_neg())];
    let possible = possible.into_iter().filter(|(is_possible, _)| *is_possible).map(|(_, effect)| effect);
    possible
        .fold(None, |range: Option<(i128, i128)>, effect| {
            Some(range.map_or((effect, effect), |(low, high)| (low.min(effect), high.max(effect))))
        })
        .unwrap_or_default()
}

/// The bytes of a stored movement behind its key.
const TAIL_BYTES: usize = 1 + 3 * 16 + 2 * 8 + 16;

impl Sortable for Movement {
    fn key(&self) -> &Key {
        &self.account
    }

    fn put(&self, to: &mut Vec<u8>) {
        self.account.put(to);
        to.push(
            Fate::ALL
                .iter()
                .position(|fate| *fate == self.fate)
                .and_then(|at| u8::try_from(at).ok())
                .unwrap_or_default(),
        );
        for number in [self.amount, self.effect.0, self.effect.1] {
            to.extend(number.to_le_bytes());
        }
        for moment in [self.since_ms, self.until_ms] {
            to.extend(moment.to_le_bytes());
        }
        to.extend_from_slice(&self.origin);
    }

    fn stored(bytes: &[u8]) -> Option<(&[u8], usize)> {
        Key::stored(bytes, TAIL_BYTES)
    }

    fn take(from: &mut impl Read) -> io::Result<Option<Self>> {
        let Some(account) = Key::take(from)? else { return Ok(None) };
        let mut fate = [0; 1];
        from.read_exact(&mut fate)?;
        let [fate] = fate;
        let fate = Fate::ALL.get(usize::from(fate)).copied().ok_or_else(damaged)?;
        let mut number = || {
            let mut bytes = [0; 16];
            from.read_exact(&mut bytes).map(|()| bytes)
        };
        let amount = i128::from_le_bytes(number()?);
        let low = i128::from_le_bytes(number()?);
        let high = i128::from_le_bytes(number()?);
        let moments = number()?;
        let origin = number()?;
        let (since, until) = moments.split_first_chunk::<8>().ok_or_else(damaged)?;
        let until = until.first_chunk::<8>().ok_or_else(damaged)?;
        Ok(Some(Self {
            account,
            amount,
            effect: (low, high),
            fate,
            since_ms: i64::from_le_bytes(*since),
            until_ms: i64::from_le_bytes(*until),
            origin,
        }))
    }
}

#[cfg(test)]
mod tests;

//! Random numbers for what a sample does not show: the values between the limits. The same seed makes the same numbers.

/// A small random number generator (SplitMix64). It is not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The numbers of one sample. They do not change when other samples are added before it.
    pub(super) fn of(seed: u64, sample: &str) -> Self {
        // FNV-1a.
        let hash = sample
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        Self(seed ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0 if `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// A number from `first` to `last`.
    pub(super) fn between(&mut self, first: usize, last: usize) -> usize {
        let count = last.saturating_sub(first).saturating_add(1) as u64;
        first.saturating_add(usize::try_from(self.below(count)).unwrap_or(0))
    }

    /// A byte below `end`.
    pub(super) fn byte(&mut self, end: u8) -> u8 {
        u8::try_from(self.below(u64::from(end))).unwrap_or(0)
    }

    /// One of these.
    pub(super) fn one_of<'t, T>(&mut self, choice: &'t [T]) -> Option<&'t T> {
        choice.get(self.between(0, choice.len().saturating_sub(1)))
    }

    /// A string of decimal digits. Neither end is a zero, because that could be padding.
    pub(super) fn digits(&mut self, count: usize) -> String {
        let last = count.saturating_sub(1);
        let inner = |at: usize| at > 0 && at < last;
        (0..count).map(|at| char::from(if inner(at) { b'0' + self.byte(10) } else { b'1' + self.byte(9) })).collect()
    }
}

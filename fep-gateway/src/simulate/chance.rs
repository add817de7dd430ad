//! The random numbers of a scenario. A number depends on the seed, on what it is for, and on how often that happened before: on nothing
//! else. So a rule keeps its numbers if another rule is added, and requests on several links do not take each other's numbers.

/// The source of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chance {
    seed: u64,
}

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The numbers for the use with this name and count. Each call of the result gives the next one, over all 32 bits.
    pub(super) fn numbers(self, what: &str, count: u64) -> impl FnMut() -> u32 + use<> {
        let mut state = mixed(self.seed ^ mixed(named(what)).wrapping_add(count.wrapping_mul(STEP)));
        move || {
            state = state.wrapping_add(STEP);
            u32::try_from(mixed(state) >> 32).unwrap_or(u32::MAX)
        }
    }

    /// Whether a thing happens that happens this many times in ten thousand.
    pub(super) fn happens(self, what: &str, count: u64, per_10000: u16) -> bool {
        self.numbers(what, count)() % 10_000 < u32::from(per_10000)
    }
}

/// The step and the mixing of splitmix64. It is random enough to choose faults, and the same on every machine.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mixed(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A number for a name, by FNV-1a.
fn named(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_met_and_equal_seeds_are_equal() {
        let happened = |seed: u64, what: &str, rate: u16| -> Vec<bool> {
            (0..20_000).map(|count| Chance::new(seed).happens(what, count, rate)).collect()
        };
        for rate in [0, 5, 300, 5000, 9999, 10_000] {
            let count = happened(7, "rule 1", rate).into_iter().filter(|yes| *yes).count();
            let expected = usize::from(rate) * 2;
            assert!(count.abs_diff(expected) <= 150.min(expected), "{count} of {expected}");
        }
        assert_eq!(happened(7, "rule 1", 300), happened(7, "rule 1", 300));
        assert_ne!(happened(7, "rule 1", 300), happened(8, "rule 1", 300));
        assert_ne!(happened(7, "rule 1", 300), happened(7, "rule 2", 300));
    }
}

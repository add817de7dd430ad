//! What a scenario says about time: the moments that a rule is for.

/// `at` of a rule: moments on the institution's clock. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// `between = ["23:50", "00:10"]`: from the first second of the one minute to that of the other, also over midnight. In seconds of the day.
    pub between: Option<(u32, u32)>,
    /// `dates = ["2026-12-31"]`, in days since 1970-01-01.
    pub dates: Vec<i64>,
    /// `weekdays = ["sat", "sun"]`, 0 is Monday.
    pub weekdays: Vec<u8>,
    /// `month_days = [1, -1]`: days of the month; -1 is the last one.
    pub month_days: Vec<i8>,
}

impl Calendar {
    /// The words for the days of a week.
    pub(super) const WEEKDAYS: [(&str, u8); 7] =
        [("mon", 0), ("tue", 1), ("wed", 2), ("thu", 3), ("fri", 4), ("sat", 5), ("sun", 6)];
}

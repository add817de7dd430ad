//! What the tables of a journal in a database take. It asks no database.

/// The tables of a journal in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableUsage {
    /// Those with facts, from the oldest facts on.
    pub partitions: Vec<PartitionUsage>,
    /// What all others take together, in bytes.
    pub others: u64,
    /// The last fact that has been published, or `None` if none ever was.
    pub published: Option<u64>,
}

/// The facts of one business date in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionUsage {
    /// The table of the date.
    pub table: String,
    /// What it takes with its index, in bytes.
    pub bytes: u64,
    /// Its first fact.
    pub first: u64,
    /// Its last fact.
    pub last: u64,
    /// The time of its first fact, in milliseconds since 1970.
    pub from_ms: i64,
    /// The time of its last fact, in milliseconds since 1970.
    pub to_ms: i64,
}

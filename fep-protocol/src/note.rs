//! Why a person decided something, and when.

use serde::{Deserialize, Serialize};

/// Why a person decided something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PersonNote {
    /// One line.
    pub note: String,
    /// In milliseconds since 1970.
    pub since_ms: i64,
}

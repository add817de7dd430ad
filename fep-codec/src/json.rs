//! Telegrams as JSON.

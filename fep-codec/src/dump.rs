//! The annotated hex dump.

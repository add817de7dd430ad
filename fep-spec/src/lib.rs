//! Spec documents.

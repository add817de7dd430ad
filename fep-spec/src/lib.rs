//! Spec documents: the institution's sheet as a TOML file, read, checked, and made useful.
//!
//! A spec lowers to the [`Layout`](fep_codec::Layout)s of `fep_codec`; everything that knows a byte comes from there. This
//! crate adds what stands around the bytes: names, documents, generated Rust, record files, and the command `fep`.
//!
//! ```no_run
//! use fep_spec::Spec;
//!
//! let spec = Spec::load("specs/bank-a/bank-a.toml".as_ref())?;
//! let bytes = std::fs::read("specs/bank-a/samples/transfer.bin")?;
//! assert_eq!(spec.choose(&bytes)?.name(), "Transfer");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
#![doc = include_str!("spec_file.md")]

// Reading order: a module imports only modules that stand before it.
pub mod report;
pub mod document;
pub mod model;
pub mod lower;
mod lint;
pub mod load;
pub mod generate;
pub mod codec;
pub mod files;

pub use load::LoadError;
pub use model::{Spec, SpecSet, TelegramSpec};
pub use report::Report;

/// The code in the README of this crate compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

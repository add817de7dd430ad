//! Spec documents: an institution's sheet as a TOML file. This crate reads it, checks it and makes use of it.
//!
//! A spec is lowered to the [`Layout`](fep_codec::Layout)s of `fep_codec`, which does all work on bytes. This crate adds
//! the rest: names, documents, generated Rust, record files, and the command `fep`.
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
pub mod html;
pub mod hex;
pub mod report;
pub mod document;
pub mod explain;
pub mod canonical;
pub mod include;
pub mod model;
pub mod lower;
mod lint;
pub mod load;
pub mod schema;
pub mod fix;
pub mod framing;
pub mod generate;
pub mod build;
pub mod listing;
pub mod diff;
pub mod draft;
#[cfg(feature = "import")]
pub mod import;
pub mod codec;
pub mod values;
pub mod files;
pub mod glued;
#[cfg(feature = "capture")]
pub mod capture;
pub mod samples;
pub mod project;
pub mod pages;
#[cfg(feature = "workbook")]
pub mod workbook;
pub mod spec_file;

pub use load::LoadError;
pub use model::{Spec, SpecSet, TelegramSpec};
pub use report::Report;

/// The code in the README of this crate compiles, and its assertions hold.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

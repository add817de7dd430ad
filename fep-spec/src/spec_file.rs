//! The further pages about spec files. The first page is the front page of this crate, which lists them.

#[doc = include_str!("spec_file/kinds.md")]
pub mod kinds {}
#[doc = include_str!("spec_file/structure.md")]
pub mod structure {}
#[doc = include_str!("spec_file/computed.md")]
pub mod computed {}
#[doc = include_str!("spec_file/files.md")]
pub mod files {}
#[doc = include_str!("spec_file/lenient.md")]
pub mod lenient {}
#[doc = include_str!("spec_file/includes.md")]
pub mod includes {}
#[doc = include_str!("spec_file/names.md")]
pub mod names {}
#[doc = include_str!("spec_file/findings.md")]
pub mod findings {}

//! The design sheet, regenerated from a spec: Markdown and HTML pages for people.
//!
//! [`Page::of`] collects what a sheet shows of a spec: telegrams, items, codes, record files. The writers only arrange it, so the pages
//! never disagree about an offset. Nothing here reads files or prints.
//!
//! ```text
//! Spec ──► Page ──┬─► markdown
//!                 └─► html ◄── Sample: bytes beside the spec
//! ```
//!
//! ```no_run
//! use fep_spec::Spec;
//! use fep_spec::pages::{Lang, Page, markdown};
//!
//! let spec = Spec::load("specs/bank-a/bank-a.toml".as_ref())?;
//! let text = markdown::page(&Page::of(&spec), Lang::Ko);
//! assert!(text.starts_with("# Bank A"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod words;
mod bytes;
mod kinds;
pub mod explained;
mod numbers;
pub(crate) mod facts;
mod model;
mod sharing;
mod rows;
mod records;
mod collect;
pub mod markdown;
pub mod html;

pub use self::model::{
    Anchor, CasePage, CodeListPage, Condition, FilePage, LetterPage, Page, PartPage, RecordRow, Row, TelegramPage,
    Times,
};
pub use self::words::{Lang, Text};

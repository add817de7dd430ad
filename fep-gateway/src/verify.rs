//! Verification before a system is replaced: what the new side would send and answer is compared with what the old side did, field by field.
//!
//! ```text
//! writes   recording of the old system ──► decoded ──► encoded here ──► bytes against bytes       nothing is sent
//!                      └─ answers ──► our rules ──► states against the old system's
//!
//! reads    journal ──► sampled inquiries ──► candidate (and the old side, twice) ──► answers against answers
//! ```
//!
//! A monetary request is never sent a second time. A verification runs in a process of its own: it reads the journal beside the gateway, and
//! what the candidate does costs the live side nothing.

mod differ;
mod tally;
mod receivers;
mod plan;
mod recording;
mod states;
mod outcomes;
mod report;
mod told;
mod collector;
mod outbox;
mod telling;
mod text;
mod page;
mod writes;
mod candidate;
mod hours;
mod runs;
mod reads;

use std::fmt;
use std::io;

use fep_protocol::reason::JournalError;

pub use self::page::write as write_page;
pub use self::plan::{Plan, PlanError, ReadsPlan, Side};
pub use self::reads::reads;
pub use self::receivers::{TellPlan, WebhookPlan};
pub use self::report::{
    DisagreementReport, ExampleReport, FailureReport, FieldReport, OutcomeRow, OutcomesReport, Report, Run,
    TelegramReport,
};
pub use self::states::{State, States, StatesError};
pub use self::telling::tell;
pub use self::text::write as write_text;
pub use self::writes::{Recorded, writes};

/// The reason why nothing was compared.
#[derive(Debug)]
pub enum VerifyError {
    /// The plan names an institution that its configuration does not have.
    NoInstitution,
    /// The configuration does not fit the spec.
    Unfit(String),
    /// The recording cannot be used.
    Recording(String),
    /// A column of the states is no field of the spec.
    States(String),
    /// The plan has no `[reads]`.
    NoReads,
    /// The plan asks for a telegram that moves money.
    MovesMoney(String),
    /// The journal cannot be read.
    Journal(JournalError),
    /// The journal has too many of these telegrams for one run.
    TooMany(String, usize),
    /// A side of this name cannot be asked.
    Side(String, String),
    /// The folder of the plan cannot be read or written.
    Folder(io::Error),
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInstitution => f.write_str("the configuration of the plan does not have its institution"),
            Self::Unfit(why) => write!(f, "the configuration does not fit the spec: {why}"),
            Self::Recording(why) => write!(f, "the recording: {why}"),
            Self::States(path) => write!(
                f,
                "the states: no telegram has the field `{path}` that a column is called; paths go through parts: header.trace_no"
            ),
            Self::NoReads => {
                f.write_str("the plan has no [reads]: it says which inquiries are asked again, and of whom")
            }
            Self::MovesMoney(name) => write!(f, "`{name}` moves money: it is never asked a second time"),
            Self::Journal(error) => write!(f, "the journal: {error}"),
            Self::TooMany(name, max) => {
                write!(
                    f,
                    "the journal has {max} exchanges of {name} or more since the last run: run it more often, or lower look_back_hours"
                )
            }
            Self::Side(name, why) => write!(f, "{name} cannot be asked: {why}"),
            Self::Folder(error) => write!(f, "the folder of the plan: {error}"),
        }
    }
}

impl std::error::Error for VerifyError {}

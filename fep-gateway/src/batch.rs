//! Batches: the requests of a file, sent through a gateway one after the other, at the times and the pace of a plan, and the file of their results.
//!
//! A batch is a client of the gateway. It posts each request with an idempotency key that depends on the batch, its date and the number of the
//! request, so the journal of the gateway knows what was sent, also if this process is killed. It never sends a request again whose outcome
//! is unknown.
//!
//! ```text
//! file ──check──► requests ──windows, pace──► POST …/exchanges/{Telegram} ──► ledger ──► file of results
//!                                    ▲                                          │
//!                                    └── goes on behind what has a state ◄──────┘
//! ```

mod windows;

mod plan_input;

mod plan_output;

mod plan;

mod input;

mod ledger;

mod progress;

mod fate;

mod sender;

mod clock;

mod output;

mod ending;

mod running;

mod run;

pub use self::ending::{Batch, BatchError, Checked, Ended, Stopped};
pub use self::input::RefusedInput;
pub use self::ledger::{LedgerError, State};
pub use self::output::OutputError;
pub use self::plan::Plan;
pub use self::plan_input::{Input, InputSource};
pub use self::plan_output::{Lists, Output, OutputRecord, Source};
pub use self::progress::{Count, Progress};
pub use self::run::{check, run};
pub use self::windows::{Pace, Started, Windows};

//! Stage 4, the expansion: a model becomes trait implementations, each a list of calls into the runtime.
//!
//! Nothing is decided here. A rule of the layout that the output needs is asked for in a `const` block, so that it is a
//! constant where the call is inlined.

mod assert;
mod choice;
mod code;
mod debug;
mod decode;
mod encode;
mod generics;
mod layout;
mod serial;
mod set;
mod stub;
mod telegram;
mod view;

pub(crate) use self::choice::{choice, choice_stub};
pub(crate) use self::code::code_set;
pub(crate) use self::set::set;
pub(crate) use self::stub::{code_stub, set_stub, telegram_stub};
pub(crate) use self::telegram::telegram;

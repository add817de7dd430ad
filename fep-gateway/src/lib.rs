//! The gateway: services ask over HTTP or the embedded [`Gateway`], institutions are asked over long-lived TCP lines.
//!
//! What it promises: a reply reaches only the request whose key it carries; an outcome that is not known is called unknown;
//! what crosses a line stands in the journal before.

pub mod exchange;

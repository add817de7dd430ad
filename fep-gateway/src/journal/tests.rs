//! The journal against real files.

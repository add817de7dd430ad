//! Tests of the daemon from outside: its HTTP contract against a simulated bank, its files and its commands.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod command;
mod console;
mod contract;
mod harness;
mod journal;
mod journal_audit;
mod journal_encrypted;
mod nasty;
mod notices;
mod openapi;
mod passing_on;
mod respond_async;
mod searching;
mod settlement;
mod simulated_bank;

//! Tests of the daemon from outside: its HTTP contract against a simulated bank, its files and its commands.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod alarms;
mod alarms_mail;
#[cfg(feature = "postgres")]
mod alarms_shared;
mod audit_trail;
mod batches;
mod callbacks;
mod callers;
mod client_example;
mod clock_route;
mod command;
mod console;
mod console_acts;
mod console_audit;
mod console_exceptions;
mod console_page;
mod console_platform;
#[cfg(feature = "postgres")]
mod console_sites;
mod console_verifications;
mod console_views;
mod contract;
#[path = "../../../tests/tests/browser/devtools.rs"]
#[allow(dead_code, clippy::expect_used, clippy::string_slice, reason = "the helper of another test of pages")]
mod devtools;
mod exceptions;
#[path = "../daemon/disk.rs"]
#[allow(dead_code, reason = "the tests of the daemon let it hang, too")]
mod disk;
mod exceptions_hidden;
mod file_transfer;
mod following;
mod harness;
mod issued_tokens;
mod journal;
mod journal_audit;
mod journal_encrypted;
mod key_first;
mod keys_of_clients;
mod line_duties;
mod masked;
mod nasty;
mod notices;
mod old_system;
mod old_system_simulated;
mod old_system_tls;
mod openapi;
mod overview;
mod passing_on;
mod reconciling;
mod refusals;
mod respond_async;
mod rights;
mod routing;
mod searching;
mod settlement;
mod simulated_bank;
mod streams;
#[cfg(feature = "kafka")]
mod streams_kafka;
mod streams_rules;
mod streams_ws;
mod tap;
mod test_time;
#[cfg(feature = "kafka")]
mod topics;
mod verifications;
mod verifying;

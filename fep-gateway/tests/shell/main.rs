//! The daemon from outside: its HTTP contract against a simulated bank, its files, its commands.

mod command;
mod console;
mod contract;
mod harness;
mod notices;

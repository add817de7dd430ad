//! Where in a byte stream one telegram ends.

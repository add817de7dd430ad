//! `tokio_util` decoder and encoder.

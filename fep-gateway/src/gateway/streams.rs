//! The streams of market data of a gateway.

use std::sync::Arc;

use super::Gateway;
use crate::streams::Stream;
use crate::streams::status::StreamStatus;

impl Gateway {
    /// The streams of market data: their feeds, gaps and consumers. Empty if none are configured.
    #[must_use]
    pub fn streams(&self) -> Vec<StreamStatus> {
        self.inner.streams.all().iter().map(|stream| stream.status()).collect()
    }

    /// The streams that run.
    pub(crate) fn running_streams(&self) -> Vec<Arc<Stream>> {
        self.inner.streams.all()
    }

    /// The stream with this name.
    pub(crate) fn stream(&self, name: &str) -> Option<Arc<Stream>> {
        self.inner.streams.find(name)
    }
}

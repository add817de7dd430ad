//! Whether the gateway moves at all. This is for a watchdog that restarts the process, and it is not readiness.
//!
//! A bank that is away and a disk that is full are troubles ([`Gateway::troubles`]). They end without a restart, and a restart would
//! forget what the gateway holds in memory until the disk takes it. Here is only what nothing but a restart can cure.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Gateway;
use crate::net::institution::Handle;

impl Gateway {
    /// Whether the journal takes writes now. If not, [`Gateway::troubles`] says why.
    #[must_use]
    pub fn journal_works(&self) -> bool {
        self.inner.shared.journal.trouble().is_none()
    }

    /// The parts that make no progress, each as a sentence: the task of an institution that has ended or does not answer within
    /// `patience`, and the writer of the journal if it did not look up for longer than that. An empty list if everything moves, and
    /// while the gateway stops.
    ///
    /// The writer looks up once in a second, also while all writes fail. So `patience` should be two seconds or more.
    ///
    /// ```no_run
    /// # async fn watch(gateway: fep_gateway::Gateway) {
    /// let stuck = gateway.stuck(std::time::Duration::from_secs(15)).await;
    /// if stuck.is_empty() {
    ///     println!("it moves");
    /// }
    /// # }
    /// ```
    pub async fn stuck(&self, patience: Duration) -> Vec<String> {
        // One that a reload stops is not stuck.
        let running = self.running();
        let institutions = running.iter().filter(|(_, handle)| !handle.is_leaving());
        let asked = institutions.map(|(name, handle)| async move { (name, moves(handle, patience).await) });
        let answers = futures_util::future::join_all(asked).await;
        // Parts that have ended because the gateway stops are not stuck. So this is asked last.
        if self.inner.stopping.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let answers =
            answers.into_iter().filter(|(name, _)| running.get(*name).is_some_and(|handle| !handle.is_leaving()));
        let tasks = answers.filter_map(|(name, moved)| moved.err().map(|why| format!("{name}: {why}")));
        let silence = self.inner.shared.journal.writer_silence();
        let writer = (silence > patience).then(|| format!("the journal's writer is stuck for {} s", silence.as_secs()));
        tasks.chain(writer).collect()
    }
}

async fn moves(handle: &Handle, patience: Duration) -> Result<(), String> {
    match tokio::time::timeout(patience, handle.status()).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("its task has ended".to_owned()),
        Err(_) => Err(format!("its task does not answer within {} ms", patience.as_millis())),
    }
}

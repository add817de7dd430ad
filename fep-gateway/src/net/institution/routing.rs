//! A person's change of where requests go: the task stores it, so that it holds after a restart, too.

use std::time::Duration;

use fep_protocol::fact::{Fact, What};
use fep_protocol::reason::JournalError;
use fep_protocol::standing::Standing;
use fep_protocol::terms::Now;
use tokio::sync::oneshot;

use super::{Handle, Task, TaskCommand};
use crate::net::routing::{NotRouted, RoutingDecision};

/// First the decision holds, then it is durable.
pub(super) type RoutingReply = oneshot::Sender<Result<oneshot::Receiver<Result<(), JournalError>>, NotRouted>>;

/// How long a change waits for the disk before its person is told that it may not outlive a restart.
const DURABLE_MAX: Duration = Duration::from_secs(2);

impl Handle {
    /// Changes where requests go, and waits until the change is durable.
    ///
    /// # Errors
    /// If nothing was changed, or if the change holds and is not durable yet.
    pub async fn route(&self, decision: RoutingDecision) -> Result<(), NotRouted> {
        let (reply, decided) = oneshot::channel();
        let sent = self.commands.send(TaskCommand::Route(Box::new(decision), reply)).await;
        sent.map_err(|_| NotRouted::Stopped)?;
        let durable = decided.await.map_err(|_| NotRouted::Stopped)??;
        let late = || NotRouted::NotDurable(JournalError::Failed("the disk does not take it".to_owned()));
        match tokio::time::timeout(DURABLE_MAX, durable).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(NotRouted::NotDurable(error)),
            Ok(Err(_)) | Err(_) => Err(late()),
        }
    }
}

impl Task {
    pub(super) fn decide_routing(&mut self, decision: RoutingDecision, reply: RoutingReply, now: Now) {
        // The caller may be gone.
        let _ = reply.send(self.routed(decision, now));
    }

    fn routed(
        &mut self,
        decision: RoutingDecision,
        now: Now,
    ) -> Result<oneshot::Receiver<Result<(), JournalError>>, NotRouted> {
        let routing = self.shared.routings.of(&self.name).ok_or(NotRouted::NoRules)?;
        let changes = routing.decided(decision, now.wall_ms)?;
        if !self.keeps_unsent() {
            // No request is sent now, to neither side. So nothing is urgent, and a change that a restart forgets would be a trap.
            let full = || JournalError::Failed("its queue is full".to_owned());
            return Err(NotRouted::Journal(self.shared.journal.trouble().unwrap_or_else(full)));
        }
        tracing::warn!(institution = &*self.name, ?changes, "a person changed where requests go");
        routing.hold(changes.clone());
        let standing = Some(Box::new(Standing::Routing(changes)));
        let number = self.append(Fact { what: What::Standing, standing, ..self.fact(now) });
        let (stored, durable) = oneshot::channel();
        self.audits.push_back((number, stored));
        Ok(durable)
    }
}

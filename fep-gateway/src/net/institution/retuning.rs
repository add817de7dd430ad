//! Other settings while the institution runs: limits, timeouts, breakers, schedules. Its links, sessions and exchanges stay as they are.
//!
//! Which settings these are is decided in `config::in_place`.

use std::sync::Arc;

use fep_protocol::terms::Now;
use tokio::sync::oneshot;

use super::actions::FRAMES_EXTRA;
use super::settings::settings;
use super::{COMMANDS_MAX, Handle, Task, TaskCommand};
use crate::config::InstitutionConfig;
use crate::telegrams::TelegramCatalogue;

/// The settings that hold from now on.
#[derive(Debug)]
pub(super) struct Retuned {
    config: InstitutionConfig,
    catalogue: Arc<TelegramCatalogue>,
}

/// The number of requests that an institution may have between their acceptance and their end.
pub(super) fn places(config: &InstitutionConfig) -> usize {
    config.inflight_max + config.flow.settings.queue_max + COMMANDS_MAX
}

impl Handle {
    /// Lets other settings hold, and returns the handle with their telegrams. `None` if the institution has stopped.
    pub(crate) async fn retune(&self, config: InstitutionConfig, catalogue: Arc<TelegramCatalogue>) -> Option<Self> {
        let places = places(&config);
        let (done, is_done) = oneshot::channel();
        let retuned = Retuned { config, catalogue: Arc::clone(&catalogue) };
        self.commands.send(TaskCommand::Retune(Box::new(retuned), done)).await.ok()?;
        is_done.await.ok()?;
        self.entrance.widen(places);
        Some(Self {
            name: Arc::clone(&self.name),
            catalogue,
            statuses: Arc::clone(&self.statuses),
            lane: self.lane.clone(),
            commands: self.commands.clone(),
            entrance: Arc::clone(&self.entrance),
            echo_timeout: self.echo_timeout,
            task: Arc::clone(&self.task),
        })
    }
}

impl Task {
    /// Lets other settings hold. A request that waits or is in flight keeps the timeout with which it was accepted.
    pub(super) fn retune(&mut self, retuned: Retuned, done: oneshot::Sender<()>, now: Now) {
        let Retuned { config, catalogue } = retuned;
        let settings = settings(&config, &catalogue, &*self.shared.coordinator, now);
        self.links.values().for_each(|link| link.outbox.make_room(config.inflight_max + FRAMES_EXTRA));
        self.machine.retune(&settings, Arc::clone(&catalogue), now);
        self.settling.retune(catalogue.settlement_policies());
        self.notices.retune(&config);
        self.statuses.retune(config.inflight_max);
        self.catalogue = catalogue;
        self.config = config;
        // Nobody may wait for it any more.
        let _ = done.send(());
    }
}

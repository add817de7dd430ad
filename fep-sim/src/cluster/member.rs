//! One process of a gateway: a runtime of its own, with a clock of its own, that runs for one slice at a time. It can be left alone between any two
//! of its steps, as a process that is stopped, or for good.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::Gateway;
use fep_gateway::coordinator::{Coordinator, Instances, MakeCoordinator, SharedCoordinator};
use fep_gateway::gateway::{Notice, NoticeFuture, NoticeHandler, NoticeReply};
use fep_gateway::ground::SimulatedGround;
use fep_protocol::coordination::Terms;
use serde_json::Map;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, advance, sleep_until};

use super::config::config;
use super::journal::{Delay, Way};
use super::plan::Has;
use super::seat::WordsCoordinator;
use super::world::Line;
use super::world::Shared;

/// A process that runs.
pub(super) struct Process {
    runtime: Runtime,
    gateway: Gateway,
    shared: Shared,
    at: usize,
    process: u32,
    /// When it began, in the world and in its runtime.
    began: (Duration, Instant),
    is_stopping: bool,
}

/// The bank sends no notices.
struct NoNotices;

impl NoticeHandler for NoNotices {
    fn notice(&self, _: Notice) -> NoticeFuture<'_> {
        Box::pin(async { Ok(NoticeReply::Answer(Map::new())) })
    }
}

impl Process {
    /// Starts a gateway. `None` if it does not start now.
    ///
    /// # Errors
    /// If the simulation itself is broken.
    pub(super) fn start(shared: &Shared, at: usize, folder: &Path, has: Has) -> Result<Option<Self>, String> {
        let begins = shared.lock().process_begins(at);
        let Some((name, place)) = begins else { return Ok(None) };
        let folder = folder.join(format!("{}-{}", place.0, place.1));
        std::fs::create_dir_all(&folder).map_err(|error| format!("no folder: {error}"))?;
        let gateways = shared.lock().gateways();
        let config = config(&folder, gateways, has.marks.then_some(&*name))?;
        let process = shared.lock().members.get(at).map_or(0, |member| member.process);
        let wall = shared.clone();
        let seed = shared.lock().draw.below(u64::MAX);
        let ground = SimulatedGround {
            wall_ms: Arc::new(move || wall.lock().wall_ms()),
            seed,
            network: Arc::new(Line { shared: shared.clone(), at }),
            disk: Arc::new(Delay(shared.clone())),
            shared: Some(Arc::new(Way { shared: shared.clone(), at, name, place })),
        };
        let make = MakeCoordinator(Arc::new({
            let shared = shared.clone();
            move |instances: Arc<dyn Instances>, terms: Terms| -> Arc<dyn Coordinator> {
                let inner = SharedCoordinator::new(Arc::clone(&instances), terms);
                match has.redis {
                    false => Arc::new(inner),
                    true => Arc::new(WordsCoordinator { shared: shared.clone(), at, process, instances, inner }),
                }
            }
        }));
        // One task between two looks at whether it is to halt.
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).event_interval(1).build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let began = runtime.block_on(async { Instant::now() });
        let now = shared.lock().now;
        let started = runtime.block_on(Gateway::start_simulated_among(ground, config, Arc::new(NoNotices), make));
        match started {
            Ok(gateway) => {
                let shared = shared.clone();
                Ok(Some(Self { runtime, gateway, shared, at, process, began: (now, began), is_stopping: false }))
            }
            Err(error) => {
                shared.lock().say(format_args!("gateway {at} does not start: {error}"));
                shared.lock().count("a start that failed");
                Ok(None)
            }
        }
    }

    /// Runs until the world's time is `until`, or until it is halted. A process that was paused finds its clock far ahead.
    pub(super) fn slice(&mut self, until: Duration) {
        let halt = self.shared.lock().members.get(self.at).map(|member| Arc::clone(&member.halt));
        let Some(halt) = halt else { return };
        let now = self.shared.lock().now;
        let (began, instant) = self.began;
        self.runtime.block_on(async {
            let behind = (now - began).saturating_sub(instant.elapsed());
            if !behind.is_zero() {
                advance(behind).await;
            }
            tokio::select! {
                biased;
                () = halt.notified() => {}
                () = sleep_until(instant + (until - began)) => {}
            }
        });
    }

    /// A job asks this gateway.
    pub(super) fn ask(&self, job: usize) {
        let (telegram, body, key) = self.shared.lock().request(job);
        let gateway = self.gateway.clone();
        let shared = self.shared.clone();
        let who = (self.at, self.process);
        self.runtime.spawn(async move {
            let result = gateway.exchange("bank-0", telegram, &body, key.as_deref()).await;
            shared.lock().told(job, who, result);
        });
    }

    /// An operator stops it.
    pub(super) fn stop(&mut self) {
        if std::mem::replace(&mut self.is_stopping, true) {
            return;
        }
        let gateway = self.gateway.clone();
        let shared = self.shared.clone();
        let at = self.at;
        self.runtime.spawn(async move {
            gateway.stop().await;
            let mut world = shared.lock();
            if let Some(member) = world.members.get_mut(at) {
                member.has_stopped = true;
                member.halt.notify_one();
            }
        });
    }

    pub(super) fn is_fenced(&self) -> bool {
        self.gateway.is_fenced()
    }

    /// Asks the gateway something.
    pub(super) fn ask_now<T>(&self, question: impl AsyncFnOnce(&Gateway) -> T) -> T {
        self.runtime.block_on(question(&self.gateway))
    }
}

//! Where the links of an institution get their connections from: the listeners and the certificates of its lines. Logs how links end.

use std::collections::BTreeMap;
use std::sync::Arc;

use fep_protocol::exchange::Exchange;
use fep_protocol::reason::CloseReason;
use fep_protocol::terms::{Incarnation, LinkId, Now};
use tokio::sync::mpsc;
use tracing::Level;

use super::{Running, Task};
use crate::config::{InstitutionConfig, LineConfig, Role};
use crate::ground::Ground;
use crate::net::clock::Clock;
use crate::net::statuses::LineStatuses;
use crate::net::transport::Origin;
use crate::net::transport::dial::Dial;
use crate::net::transport::http::{Asked, Asker, HttpCall};
use crate::net::transport::listener::{Listener, ListenerSetup};
use crate::spans::Tracer;
use crate::telegrams::TelegramCatalogue;
use crate::tls::{Party, Tls};

/// By the index of the line.
pub(super) struct Lines {
    listeners: BTreeMap<usize, Listener>,
    /// The TLS of the lines on which the gateway connects.
    tls: BTreeMap<usize, Arc<Tls>>,
    #[cfg(feature = "simulation")]
    simulated: Option<(crate::ground::SimulatedGround, Arc<str>)>,
}

impl Lines {
    /// Starts to listen. The receiver gets the lines whose oldest link is to be replaced.
    pub(super) fn start(
        config: &InstitutionConfig,
        institution: &Arc<str>,
        statuses: &Arc<LineStatuses>,
        clock: &Arc<Clock>,
        ground: &Ground,
    ) -> (Self, mpsc::Receiver<usize>) {
        // Each line may have one connection that is to replace another one.
        let (replace, replaces) = mpsc::channel(config.lines.len().max(1));
        let mut lines = Self {
            listeners: BTreeMap::new(),
            tls: BTreeMap::new(),
            #[cfg(feature = "simulation")]
            simulated: match ground {
                Ground::Machine => None,
                Ground::Simulated(simulated) => Some((simulated.clone(), Arc::clone(institution))),
            },
        };
        // A line of another gateway has an address of another machine.
        for (line, config) in config.lines.iter().enumerate().filter(|(_, line)| !line.sharing.is_elsewhere) {
            let setup = ListenerSetup {
                institution: Arc::clone(institution),
                line,
                statuses: Arc::clone(statuses),
                clock: Arc::clone(clock),
                replace: replace.clone(),
            };
            match (Listener::start(config, setup, ground), config.tls.clone()) {
                (Some(listener), _) => drop(lines.listeners.insert(line, listener)),
                (None, Some(tls)) => drop(lines.tls.insert(line, Tls::new(tls, Party::Institution, true))),
                (None, None) => {}
            }
        }
        (lines, replaces)
    }

    /// Where a link of this line gets its connection from. Over HTTP, `asker` says later who asks.
    pub(super) fn origin(
        &self,
        line: usize,
        config: &LineConfig,
        catalogue: &Arc<TelegramCatalogue>,
        asker: &Asker,
    ) -> Origin {
        if let (Role::Listen { .. }, Some(listener)) = (&config.role, self.listeners.get(&line)) {
            return Origin::Door(listener.door());
        }
        #[cfg(feature = "simulation")]
        if let Some((simulated, institution)) = &self.simulated {
            return Origin::Simulated(crate::net::transport::Simulated {
                network: Arc::clone(&simulated.network),
                institution: Arc::clone(institution),
                line: config.name.clone(),
                within: config.connect_timeout,
            });
        }
        Origin::Dial(Box::new(Dial {
            address: config.role.address(),
            source: config.role.source(),
            within: config.connect_timeout,
            tcp: config.tcp,
            tls: self.tls.get(&line).cloned(),
            http: config.http.clone().map(|target| {
                let address = config.role.address();
                HttpCall { target, address, catalogue: Arc::clone(catalogue), asker: asker.clone(), token: None }
            }),
        }))
    }
}

impl Running {
    /// Who asks, for a line over HTTP.
    pub(super) fn asked(&self, tracer: &Tracer) -> Asked {
        let key = self.key.as_ref().map(|key| key.given().to_owned());
        let Exchange { id, caller, .. } = &self.exchange;
        let ours = tracer.exchange(id, caller.as_deref()).and_then(|trace| trace.wire());
        let traceparent = ours.or_else(|| caller.as_ref()?.traceparent);
        Asked { exchange: *id, caller: caller.clone(), traceparent, key }
    }
}

impl Task {
    /// Logs that a link is closed. For a link that carries one request, this is nothing to tell an operator.
    pub(super) fn log_close(&mut self, incarnation: Incarnation, why: &CloseReason) {
        let level = if *why == CloseReason::RequestDone { Level::DEBUG } else { Level::INFO };
        self.log_link(incarnation, why, level, "closing the link");
    }

    /// Logs that a connection ended.
    pub(super) fn log_lost(&mut self, incarnation: Incarnation, why: &CloseReason) {
        let level = match why {
            CloseReason::ByUs | CloseReason::ByInstitution if self.is_one_shot(incarnation.link) => Level::DEBUG,
            // The gateway closed it on purpose, and said why.
            CloseReason::ByUs => Level::INFO,
            _ => Level::WARN,
        };
        self.log_link(incarnation, why, level, "the link is down");
    }

    /// Logs that a link carries business, or does so no longer. A link for one request does that for each request.
    pub(super) fn log_carrying(&mut self, id: LinkId, carries: bool, now: Now) {
        let is_usual = self.is_one_shot(id);
        if !is_usual && !self.surplus.is_change_logged(now.steady) {
            return;
        }
        let what = if carries { "the link carries business" } else { "the link carries no business" };
        let (line, link) = self.link_name(id);
        match is_usual {
            true => tracing::debug!(institution = &*self.name, line, link, "{what}"),
            false => tracing::info!(institution = &*self.name, line, link, "{what}"),
        }
    }

    fn is_one_shot(&self, id: LinkId) -> bool {
        self.config.lines.get(id.line).is_some_and(|line| line.carry.one_shot)
    }

    fn log_link(&mut self, incarnation: Incarnation, why: &CloseReason, level: Level, what: &str) {
        if level != Level::DEBUG && !self.surplus.is_change_logged(self.shared.clock.now().steady) {
            return;
        }
        let institution = &*self.name;
        let (line, link) = self.link_name(incarnation.link);
        let incarnation = incarnation.number;
        let code = why.code();
        let why = why.to_string();
        // The level of an event is a constant.
        match level {
            Level::WARN => tracing::warn!(institution, line, link, incarnation, why, code, "{what}"),
            Level::INFO => tracing::info!(institution, line, link, incarnation, why, code, "{what}"),
            _ => tracing::debug!(institution, line, link, incarnation, why, code, "{what}"),
        }
    }
}

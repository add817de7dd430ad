//! A simulated institution to test against. It listens, answers by the spec, and misbehaves by a [`Scenario`].
//!
//! It shares the codec and the framing configuration with the gateway, but no journal, no state machine and no retry. An answer is
//! the `answer` telegram of the spec. It has the fields of the request, the codes of its `when`, and the values that the scenario
//! sets.

mod clock;
mod compose;
mod scenario;
mod institution;
mod link;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use fep_spec::model::Spec;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{Instrument, info, info_span, warn};

use self::institution::SimulatedInstitution;
use self::link::{LinkHandle, SimulatedLink};
pub use self::scenario::{
    Answers, Assignment, Delay, Remember, Rule, Scenario, ScenarioAction, ScenarioNotice, ScenarioSession, Setting,
};

/// The maximum number of connections at the same time. Further connections are closed at once.
const LINKS_MAX: usize = 256;

/// A running simulated institution. It ends when the value is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

type Links = Arc<Mutex<BTreeMap<u64, LinkHandle>>>;

impl Simulator {
    /// Listens on an address and serves each connection.
    ///
    /// # Errors
    /// If it cannot listen on the address.
    pub async fn start(spec: Spec, scenario: Scenario, listen: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let institution = Arc::new(SimulatedInstitution::new(spec, scenario));
        let links = Links::default();
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for number in 0..institution.scenario.notices.len() {
            tasks.spawn(send_notices(Arc::clone(&institution), Arc::clone(&links), number));
        }
        tasks.spawn(accept(listener, institution, links, stopped));
        Ok(Self { address, stop, tasks })
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the listener and every link.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.tasks.shutdown().await;
    }
}

async fn accept(
    listener: TcpListener,
    institution: Arc<SimulatedInstitution>,
    links: Links,
    stop: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    let mut number = 0;
    loop {
        while running.try_join_next().is_some() {}
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // The usual cause is a lack of file descriptors, and only waiting helps.
                warn!(%error, "cannot accept");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        if running.len() >= LINKS_MAX {
            warn!(%peer, max = LINKS_MAX, "too many links, closed");
            continue;
        }
        number += 1;
        let serve = serve(stream, number, Arc::clone(&institution), Arc::clone(&links), stop.clone());
        running.spawn(serve.instrument(info_span!("link", number, %peer)));
    }
}

async fn serve(
    stream: TcpStream,
    number: u64,
    institution: Arc<SimulatedInstitution>,
    links: Links,
    stop: watch::Receiver<bool>,
) {
    info!("connected");
    // Small frames must not wait for an acknowledgement. If the system refuses the option, they are slower, but still correct.
    let _ = stream.set_nodelay(true);
    let link = SimulatedLink::new(institution);
    links.lock().unwrap_or_else(PoisonError::into_inner).insert(number, link.handle());
    link.run(stream, stop).await;
    links.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    info!("closed");
}

/// Sends one of the scenario's notices repeatedly, on each open link in turn.
async fn send_notices(institution: Arc<SimulatedInstitution>, links: Links, number: usize) {
    let Some(every) = institution.scenario.notices.get(number).map(|notice| notice.every) else { return };
    let mut turn = 0_usize;
    loop {
        tokio::time::sleep(every).await;
        let open: Vec<LinkHandle> = {
            let links = links.lock().unwrap_or_else(PoisonError::into_inner);
            links.values().filter(|link| link.is_open()).cloned().collect()
        };
        let Some(link) = open.get(turn % open.len().max(1)) else { continue };
        turn = turn.wrapping_add(1);
        match institution.notice(number) {
            Some(Ok(frame)) => {
                if !link.send(frame) {
                    warn!("a notice is dropped: the link is too slow");
                }
            }
            Some(Err(error)) => warn!(error, "the notice cannot be made"),
            None => return,
        }
    }
}

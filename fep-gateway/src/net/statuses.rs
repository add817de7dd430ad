//! The states of the lines: written by the tasks, read by HTTP and the console.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::traffic::Traffic;
use crate::config::{InstitutionConfig, LineConfig, LineSharing, Proof, SessionConfig};
use fep_protocol::exchange::{LinePlace, LineStatus, LinkState, LinkStatus, PlaceState};
use fep_protocol::places::PlaceNow;
use fep_protocol::reason::CloseReason;
use fep_protocol::standing::PersonNote;
use fep_protocol::switchover::SwitchoverState;
use fep_protocol::terms::{Incarnation, LineDuty, LinkId, Now};

/// The line statuses of one institution.
#[derive(Debug)]
pub struct LineStatuses {
    lines: Vec<Mutex<LineStatus>>,
    /// When each link was proved last, by the steady clock. The wall clock may be set back, and an old proof must not count again then.
    proofs: Mutex<BTreeMap<LinkId, Duration>>,
    /// Whether the gateway tests its links. If it does not, a link that is up counts as alive.
    tests_links: bool,
    /// How long an answer proves that a link is alive.
    alive: Duration,
    /// The duty of each line.
    duties: Vec<LineDuty>,
    /// Whether one gateway at a time has the link of each line, and this one may be it.
    shared: Vec<bool>,
    traffic: Arc<Traffic>,
}

impl LineStatuses {
    /// Creates the statuses, with all links down.
    #[must_use]
    pub fn new(name: &str, config: &InstitutionConfig, now_ms: i64) -> Self {
        let link = LinkStatus {
            incarnation: 0,
            state: LinkState::Down,
            peer: None,
            since_ms: now_ms,
            proved_ms: None,
            last_rx_ms: None,
            last_tx_ms: None,
            echo_round_trip_us: None,
            unpolled_since_ms: None,
        };
        let line = |line: &LineConfig| LineStatus {
            institution: name.to_owned(),
            line: line.name.clone(),
            role: line.role.name(),
            duty: line.duty.name(),
            rank: line.carry.rank,
            connection: line.carry.connection(),
            window: line.carry.window,
            carries: line.duty.sends(),
            carries_since_ms: None,
            carries_why: None,
            stopped: None,
            place: place(line),
            address: line.role.address(),
            proved_by: config.proof(line).ok().map(Proof::name),
            links: vec![link.clone(); line.links],
            inflight: 0,
            inflight_max: config.inflight_max,
            reconnects: 0,
            last_error: None,
            last_error_code: None,
        };
        Self {
            lines: config.lines.iter().map(|config| Mutex::new(line(config))).collect(),
            proofs: Mutex::default(),
            tests_links: config.session.as_ref().is_some_and(SessionConfig::tests_links),
            alive: config.alive(),
            duties: config.lines.iter().map(|line| line.duty).collect(),
            shared: config.lines.iter().map(|line| line.sharing.is_shared && !line.sharing.is_elsewhere).collect(),
            traffic: Arc::default(),
        }
    }

    /// Shows another limit.
    pub(super) fn retune(&self, inflight_max: usize) {
        for line in &self.lines {
            line.lock().unwrap_or_else(PoisonError::into_inner).inflight_max = inflight_max;
        }
    }

    /// What the exchanges of the institution came to.
    #[must_use]
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// The present status of every line.
    #[must_use]
    pub fn lines(&self) -> Vec<LineStatus> {
        self.lines.iter().map(|line| shown(&open(line))).collect()
    }

    /// The reason why no link works, or `None` if one does. A link works if it carries business and, with echo tests, an
    /// answer came lately: an institution can accept connections and sign-ons and be dead behind them.
    #[must_use]
    pub fn trouble(&self, now: Now) -> Option<String> {
        if self.lines.iter().any(|line| place_of(&open(line)) == Some(PlaceState::Unknown)) {
            return Some("it is not known yet which gateway has the link".to_owned());
        }
        // What another gateway has is no trouble of this one.
        let is_ours = |line: &Mutex<LineStatus>| {
            !matches!(place_of(&open(line)), Some(PlaceState::Standby | PlaceState::Elsewhere))
        };
        let lines = || self.lines.iter().enumerate().zip(&self.duties).filter(|((_, line), _)| is_ours(line));
        let with_duty =
            |duty: fn(LineDuty) -> bool| lines().filter(move |(_, own)| duty(**own)).map(|((_, line), _)| line);
        // Separate lines: one that receives must be up, too. There is no echo test that could prove more.
        let up = |line: &Mutex<LineStatus>| open(line).links.iter().any(|link| link.state == LinkState::Up);
        let mut receiving = with_duty(|duty| !duty.sends()).filter(|line| up(line)).peekable();
        if with_duty(|duty| !duty.sends()).next().is_some() {
            if receiving.peek().is_none() {
                return Some("no link of a line that receives is up".to_owned());
            }
            if receiving.all(|line| open(line).links.iter().all(|link| !is_polled_up(link))) {
                return Some(UNPOLLED.to_owned());
            }
        }
        let mut sending = lines().filter(|(_, duty)| duty.sends()).map(|(line, _)| line).peekable();
        // If no line sends, nothing else is to be proved.
        sending.peek()?;
        let mut why = "no link is up".to_owned();
        for (number, line) in sending {
            // Links for one request: one that is not connected is ready, unless connecting failed.
            let line_now = open(line);
            if line_now.connection == ONE_SHOT && line_now.links.iter().any(|link| link.state != LinkState::Down) {
                return None;
            }
            drop(line_now);
            for (place, link) in open(line).links.iter().enumerate().filter(|(_, link)| link.state == LinkState::Up) {
                if !is_polled_up(link) {
                    UNPOLLED.clone_into(&mut why);
                    continue;
                }
                match link.proved_ms {
                    _ if !self.tests_links => return None,
                    Some(_) if self.is_proved(LinkId { line: number, link: place }, now) => return None,
                    Some(_) => why = format!("no answer came within {} ms", self.alive.as_millis()),
                    None => why = "no answer has come yet".to_owned(),
                }
            }
        }
        Some(why)
    }

    /// What a person should know about lines that count as alive although nothing has to prove it, and nothing did lately.
    #[must_use]
    pub fn notes(&self, now_ms: i64) -> Vec<String> {
        let lines = self.lines.iter().zip(&self.duties).map(|(line, duty)| (open(line), duty.sends()));
        lines.filter_map(|(line, sends)| elsewhere(&line).or_else(|| self.unproved(&line, sends, now_ms))).collect()
    }

    fn unproved(&self, line: &LineStatus, sends: bool, now_ms: i64) -> Option<String> {
        let is_one_shot = line.connection == ONE_SHOT;
        let counts = |link: &&LinkStatus| link.state == LinkState::Up || is_one_shot && link.state != LinkState::Down;
        let mut links = line.links.iter().filter(counts).peekable();
        if line.proved_by.is_some() || links.peek().is_none() {
            return None;
        }
        // On a line on which only the institution sends, every frame from it shows that the line is alive.
        let proved = |link: &LinkStatus| match sends {
            true => link.proved_ms,
            false => link.last_rx_ms.filter(|received_ms| *received_ms >= link.since_ms),
        };
        let proved_ms = links.filter_map(proved).max();
        if proved_ms.is_some_and(|proved_ms| self.is_fresh(proved_ms, now_ms)) {
            return None;
        }
        let what = if sends { "no answer" } else { "nothing" };
        let when = match proved_ms {
            Some(_) => format!("came within {} ms", self.alive.as_millis()),
            None => "has come yet".to_owned(),
        };
        let (because, missing) = match (is_one_shot, sends) {
            (true, _) => ("no connecting failed", "a link for one request is not tested"),
            (false, true) => ("it is connected", "neither session.echo_test nor session.poll proves it"),
            (false, false) => ("it is connected", "session.polled_within_ms does not ask for polls"),
        };
        Some(format!("line {} counts as alive because {because}: {what} {when}, and {missing}", line.line))
    }

    /// Whether the last answer on a link still proves that the institution is alive.
    fn is_proved(&self, id: LinkId, now: Now) -> bool {
        let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.get(&id).is_some_and(|proved| now.steady.saturating_sub(*proved) <= self.alive)
    }

    /// Whether something came lately by the wall clock, and the clock was not set back since.
    fn is_fresh(&self, came_ms: i64, now_ms: i64) -> bool {
        u128::try_from(now_ms.saturating_sub(came_ms)).is_ok_and(|age_ms| age_ms <= self.alive.as_millis())
    }

    /// Records an error of a line that belongs to none of its links.
    pub fn failed(&self, line: usize, error: &CloseReason) {
        self.change(LinkId { line, link: 0 }, |line, _| {
            line.last_error = Some(error.to_string());
            line.last_error_code = Some(error.code());
        });
    }

    /// Records the address of the other side of a new connection.
    pub fn connected(&self, incarnation: Incarnation, peer: String) {
        self.change(incarnation.link, |line, at| link(line, at, |link| link.peer = Some(peer)));
    }

    /// Records that bytes were received.
    pub fn received(&self, incarnation: Incarnation, now_ms: i64) {
        self.change(incarnation.link, |line, at| link(line, at, |link| link.last_rx_ms = Some(now_ms)));
    }

    /// Records that bytes were sent.
    pub fn sent(&self, incarnation: Incarnation, now_ms: i64) {
        self.change(incarnation.link, |line, at| link(line, at, |link| link.last_tx_ms = Some(now_ms)));
    }

    /// Records the round trip of an echo test, in microseconds.
    pub fn echo(&self, id: LinkId, round_trip_us: u64) {
        self.change(id, |line, at| link(line, at, |link| link.echo_round_trip_us = Some(round_trip_us)));
    }

    /// Records that an answer proved that the institution is alive.
    pub fn proved(&self, id: LinkId, now: Now) {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now.steady);
        self.change(id, |line, at| link(line, at, |link| link.proved_ms = Some(now.wall_ms)));
    }

    /// Records that the institution does not poll on a link in time, or does so again.
    pub fn owes_poll(&self, id: LinkId, since_ms: Option<i64>) {
        self.change(id, |line, at| link(line, at, |link| link.unpolled_since_ms = since_ms));
    }

    /// Sets the number of exchanges on a line that wait for their answer.
    pub fn inflight(&self, line: usize, inflight: usize) {
        self.change(LinkId { line, link: 0 }, |line, _| line.inflight = inflight);
    }

    /// Records the new state of a link. Returns the status of its line, and whether an established connection was lost.
    /// Returns `None` if there is no such link.
    pub fn became(
        &self,
        id: LinkId,
        state: LinkState,
        error: Option<CloseReason>,
        now_ms: i64,
    ) -> Option<(LineStatus, bool)> {
        let mut line = open(self.lines.get(id.line)?);
        let is_one_shot = line.connection == ONE_SHOT;
        let link = line.links.get_mut(id.link)?;
        let is_new = matches!(state, LinkState::Connecting | LinkState::Listening);
        let was_unconnected =
            matches!(link.state, LinkState::Down | LinkState::Idle | LinkState::Connecting | LinkState::Listening);
        let lost = state == LinkState::Down && !was_unconnected;
        // A link that tries again and again is down since the first time, not since the last try.
        if (link.state == LinkState::Up) != (state == LinkState::Up) {
            link.since_ms = now_ms;
        }
        link.state = state;
        if state != LinkState::Up {
            link.unpolled_since_ms = None;
        }
        let again = is_new && link.incarnation > 0 && !is_one_shot;
        if is_new {
            link.incarnation += 1;
            // A link for one request ends with its answer, which proves the line all the same.
            link.proved_ms = link.proved_ms.filter(|_| is_one_shot);
        }
        if is_new || matches!(state, LinkState::Down | LinkState::Idle) {
            link.peer = None;
        }
        line.reconnects += u64::from(again);
        if let Some(error) = error {
            line.last_error = Some(error.to_string());
            line.last_error_code = Some(error.code());
        }
        Some((shown(&line), lost))
    }

    /// The present status of one line.
    #[must_use]
    pub fn line(&self, line: usize) -> Option<LineStatus> {
        self.lines.get(line).map(|line| shown(&open(line)))
    }

    /// Records that a person stopped a line, or started it again.
    pub fn stopped(&self, line: usize, by: Option<PersonNote>) {
        self.change(LinkId { line, link: 0 }, |line, _| line.stopped = by);
    }

    /// The lines whose link one gateway at a time has, with whether this one has it open, and whether no person stopped it.
    pub(crate) fn places(&self) -> Vec<(usize, String, PlaceNow)> {
        let lines = self.lines.iter().zip(&self.shared).enumerate().filter(|(_, (_, is_shared))| **is_shared);
        let place = |(number, (line, _)): (usize, (&Mutex<LineStatus>, &bool))| {
            let line = open(line);
            let is_open = matches!(place_of(&line), Some(PlaceState::Here | PlaceState::Leaving));
            (number, line.line.clone(), PlaceNow { is_open, is_wanted: line.stopped.is_none() })
        };
        lines.map(place).collect()
    }

    /// Whether a line that sends is here, so that inquiries can be sent on it now or soon.
    pub(crate) fn may_settle(&self) -> bool {
        let is_here = |line: &Mutex<LineStatus>| matches!(place_of(&open(line)), None | Some(PlaceState::Here));
        let mut sending = self.lines.iter().zip(&self.duties).filter(|(_, duty)| duty.sends()).peekable();
        sending.peek().is_none() || sending.any(|(line, _)| is_here(line))
    }

    /// Records which gateway has a line.
    pub(super) fn placed(&self, line: usize, place: LinePlace) {
        self.change(LinkId { line, link: 0 }, |line, _| line.place = Some(place));
    }

    /// Records whose rank carries business, whether a person stopped the line or not. Returns whether these are others than before.
    pub fn carries(&self, state: &SwitchoverState) -> bool {
        let mut changed = false;
        for (line, duty) in self.lines.iter().zip(&self.duties) {
            let mut line = open(line);
            let carries = duty.sends() && line.rank == state.rank;
            changed |= carries != line.carries;
            line.carries = carries;
            line.carries_since_ms = carries.then_some(state.since_ms);
            line.carries_why = carries.then(|| state.to_string());
        }
        changed
    }

    fn change(&self, id: LinkId, change: impl FnOnce(&mut LineStatus, usize)) {
        if let Some(line) = self.lines.get(id.line) {
            change(&mut open(line), id.link);
        }
    }
}

/// What is said of a line. A line that a person stopped carries nothing, although its rank carries business.
fn shown(line: &LineStatus) -> LineStatus {
    let mut line = line.clone();
    if line.stopped.is_some() || place_of(&line).is_some_and(|state| state != PlaceState::Here) {
        line.carries = false;
        line.carries_since_ms = None;
        line.carries_why = None;
    }
    line
}

/// Where a line is before anything is known.
fn place(line: &LineConfig) -> Option<LinePlace> {
    let LineSharing { instances, is_shared, is_elsewhere } = &line.sharing;
    let state = match (is_elsewhere, is_shared) {
        (true, _) => PlaceState::Elsewhere,
        (false, true) => PlaceState::Unknown,
        (false, false) if instances.is_empty() => return None,
        (false, false) => PlaceState::Here,
    };
    let holders = if *is_shared && !is_elsewhere { Vec::new() } else { instances.clone() };
    Some(LinePlace { state, holders })
}

fn place_of(line: &LineStatus) -> Option<PlaceState> {
    line.place.as_ref().map(|place| place.state)
}

/// What a person should know about a line that another gateway has.
fn elsewhere(line: &LineStatus) -> Option<String> {
    let LinePlace { state, holders } = line.place.as_ref()?;
    let name = &line.line;
    match (state, holders.join(", ")) {
        (PlaceState::Standby, holders) if holders.is_empty() => {
            Some(format!("no gateway has the link of line {name} now"))
        }
        (PlaceState::Standby, holders) => Some(format!("the link of line {name} is held by {holders}")),
        (PlaceState::Elsewhere, holders) => Some(format!("line {name} is not opened here, but by {holders}")),
        (PlaceState::Here | PlaceState::Leaving | PlaceState::Unknown, _) => None,
    }
}

/// How a line is connected whose links carry one request each.
const ONE_SHOT: &str = "one_shot";

/// Why an institution is not ready that has to poll and does not.
const UNPOLLED: &str = "the institution does not poll as agreed";

/// Whether the link is up and the institution owes no poll on it.
fn is_polled_up(link: &LinkStatus) -> bool {
    link.state == LinkState::Up && link.unpolled_since_ms.is_none()
}

fn link(line: &mut LineStatus, at: usize, change: impl FnOnce(&mut LinkStatus)) {
    if let Some(link) = line.links.get_mut(at) {
        change(link);
    }
}

/// Locks a line's status. The status is valid after every single change, so a panic elsewhere does not damage it.
fn open(line: &Mutex<LineStatus>) -> MutexGuard<'_, LineStatus> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

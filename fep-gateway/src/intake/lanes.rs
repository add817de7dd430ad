//! Which messages may begin now, and what may be committed: the order of keys, the limits and the claims of the partitions that this gateway
//! has. It knows no broker, no time but the given one, and no content of a message.
//!
//! ```text
//! came ──► waits ──plan──► (claim is committed) ──begin──► runs ──ended──► committed, when all before it have ended
//! ```
//!
//! - A message with a key waits until all former messages of its partition with this key have ended, and while any other one with it runs.
//! - What another journal may have begun is `doubtful`, and everything behind it waits until it has ended.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::claim::Claim;

/// A partition: the place of its topic in the list of topics, and its number.
pub type TopicPartition = (usize, i32);

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many messages run at the same time.
    pub running_max: usize,
    /// How many messages of one partition are here before they begin.
    pub waiting_max: usize,
    /// How many bytes all messages have that are here.
    pub bytes_max: usize,
}

/// The partitions that this gateway has. `M` is a message.
#[derive(Debug)]
pub struct Lanes<M> {
    journal: String,
    limits: Limits,
    lanes: BTreeMap<TopicPartition, Lane<M>>,
    /// The running messages of each key.
    keys: HashMap<Vec<u8>, usize>,
    running: usize,
    bytes: usize,
    /// The last partition that began something: the next plan begins behind it.
    turn: Option<TopicPartition>,
    epoch: u64,
}

#[derive(Debug)]
struct Lane<M> {
    epoch: u64,
    /// The messages that wait, by offset.
    waiting: VecDeque<Waiting<M>>,
    /// The offsets that run.
    running: BTreeMap<i64, ()>,
    /// The offset behind the last message that came, or the committed one.
    position: i64,
    /// What the broker has.
    committed: Option<(i64, Option<Claim>)>,
    /// The claim of another journal that was found.
    foreign: Option<Claim>,
    begun_up_to: i64,
    is_paused: bool,
}

#[derive(Debug)]
struct Waiting<M> {
    offset: i64,
    due_ms: i64,
    key: Option<Vec<u8>>,
    bytes: usize,
    message: M,
}

/// A message that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun<M> {
    /// By what it ends.
    pub ticket: Ticket,
    /// Whether another journal may have begun it: then it must not be sent.
    pub is_doubtful: bool,
    /// The message.
    pub message: M,
}

/// A running message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its partition.
    pub place: TopicPartition,
    /// Its offset.
    pub offset: i64,
    key: Option<Vec<u8>>,
    bytes: usize,
    epoch: u64,
}

/// What may begin once its claims are committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    begins: Vec<(TopicPartition, i64)>,
}

/// An offset to commit, with its claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The partition.
    pub place: TopicPartition,
    /// The offset of the first message that has not ended.
    pub offset: i64,
    /// The claim, if something behind the offset was begun.
    pub claim: Option<Claim>,
}

impl Plan {
    /// Whether nothing may begin.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.begins.is_empty()
    }
}

impl<M> Lanes<M> {
    /// No partitions yet.
    #[must_use]
    pub fn new(journal: String, limits: Limits) -> Self {
        Self {
            journal,
            limits,
            lanes: BTreeMap::new(),
            keys: HashMap::new(),
            running: 0,
            bytes: 0,
            turn: None,
            epoch: 0,
        }
    }

    /// A partition is this gateway's now. `committed` is what the broker has of it, if it has anything.
    pub fn assigned(&mut self, place: TopicPartition, committed: Option<(i64, Option<Claim>)>) {
        self.revoked(place);
        self.epoch += 1;
        let offset = committed.as_ref().map_or(0, |(offset, _)| *offset);
        let claim = committed.as_ref().and_then(|(_, claim)| claim.clone());
        let claim = claim.filter(|claim| claim.begun_up_to > offset);
        let own =
            claim.as_ref().filter(|claim| claim.journal == self.journal).map_or(offset, |claim| claim.begun_up_to);
        let lane = Lane {
            epoch: self.epoch,
            waiting: VecDeque::new(),
            running: BTreeMap::new(),
            position: offset,
            foreign: claim.filter(|claim| claim.journal != self.journal),
            committed,
            begun_up_to: own,
            is_paused: false,
        };
        self.lanes.insert(place, lane);
    }

    /// A partition is not this gateway's any more. What runs goes on and is not committed.
    pub fn revoked(&mut self, place: TopicPartition) {
        if let Some(lane) = self.lanes.remove(&place) {
            self.bytes -= lane.waiting.iter().map(|waiting| waiting.bytes).sum::<usize>();
        }
    }

    /// Whether this gateway has the partition.
    #[must_use]
    pub fn has(&self, place: TopicPartition) -> bool {
        self.lanes.contains_key(&place)
    }

    /// The partitions.
    pub fn places(&self) -> impl Iterator<Item = TopicPartition> + '_ {
        self.lanes.keys().copied()
    }

    /// The number of partitions of a topic, and how many of these are paused.
    #[must_use]
    pub fn of_topic(&self, topic: usize) -> (usize, usize) {
        let lanes = self.lanes.iter().filter(|((of, _), _)| *of == topic);
        lanes.fold((0, 0), |(all, paused), (_, lane)| (all + 1, paused + usize::from(lane.is_paused)))
    }

    /// A message came. One of a partition that is not here, or that came already, does not count.
    pub fn came(
        &mut self,
        place: TopicPartition,
        offset: i64,
        due_ms: i64,
        key: Option<Vec<u8>>,
        bytes: usize,
        message: M,
    ) {
        let Some(lane) = self.lanes.get_mut(&place) else { return };
        if offset < lane.position {
            return;
        }
        lane.position = offset + 1;
        self.bytes += bytes;
        lane.waiting.push_back(Waiting { offset, due_ms, key, bytes, message });
    }

    /// What may begin now. Nothing changes until [`Lanes::begin`].
    #[must_use]
    pub fn plan(&self, now_ms: i64) -> Plan {
        self.plan_up_to(now_ms, |_| i64::MAX)
    }

    /// What of these may begin now because it is claimed already: messages that wait before others which have begun. Before a partition is given
    /// up they begin, too, because nobody else may send them, and what ended behind them cannot be committed.
    #[must_use]
    pub fn plan_claimed(&self, now_ms: i64) -> Plan {
        self.plan_up_to(now_ms, |lane| lane.begun_up_to)
    }

    /// How many messages wait that are claimed already, in these partitions or in all.
    #[must_use]
    pub fn claimed(&self, places: Option<&[TopicPartition]>) -> usize {
        let is_meant = |place: &TopicPartition| places.is_none_or(|places| places.contains(place));
        let lanes = self.lanes.iter().filter(|(place, _)| is_meant(place)).map(|(_, lane)| lane);
        lanes.map(|lane| lane.waiting.iter().take_while(|waiting| waiting.offset < lane.begun_up_to).count()).sum()
    }

    fn plan_up_to(&self, now_ms: i64, end: impl Fn(&Lane<M>) -> i64) -> Plan {
        let mut plan = Plan::default();
        let mut room = self.limits.running_max.saturating_sub(self.running);
        let mut busy: HashSet<&[u8]> = self.keys.keys().map(Vec::as_slice).collect();
        let after = |place: &TopicPartition| self.turn.is_some_and(|turn| *place <= turn);
        let (first, second): (Vec<_>, Vec<_>) = self.lanes.iter().partition(|(place, _)| !after(place));
        for (place, lane) in first.into_iter().chain(second) {
            let mut held: HashSet<&[u8]> = HashSet::new();
            for waiting in &lane.waiting {
                let is_over = waiting.offset >= end(lane) || waiting.due_ms > now_ms;
                if room == 0 || is_over || lane.is_closed_at(waiting.offset) {
                    break;
                }
                if let Some(key) = waiting.key.as_deref() {
                    // A former message of this partition with the key waits, too.
                    if held.contains(key) || !busy.insert(key) {
                        held.insert(key);
                        continue;
                    }
                }
                plan.begins.push((*place, waiting.offset));
                room -= 1;
            }
        }
        plan
    }

    /// What has to be committed: what ended, and the claims of a plan.
    #[must_use]
    pub fn commits(&self, plan: &Plan) -> Vec<Commit> {
        let mut up_to: BTreeMap<TopicPartition, i64> = BTreeMap::new();
        for (place, offset) in &plan.begins {
            let begun = up_to.entry(*place).or_default();
            *begun = (*begun).max(offset + 1);
        }
        let commit = |(place, lane): (&TopicPartition, &Lane<M>)| {
            let offset = lane.ended_up_to();
            let begun_up_to = lane.begun_up_to.max(up_to.get(place).copied().unwrap_or_default());
            let foreign = lane.foreign.as_ref().filter(|claim| claim.begun_up_to > offset);
            let own = (begun_up_to > offset).then(|| Claim { journal: self.journal.clone(), begun_up_to });
            let now = (offset, foreign.cloned().or(own));
            let is_new = lane.committed.as_ref().map_or(now != (0, None), |committed| *committed != now);
            is_new.then_some(Commit { place: *place, offset: now.0, claim: now.1 })
        };
        self.lanes.iter().filter_map(commit).collect()
    }

    /// These were committed.
    pub fn committed(&mut self, commits: Vec<Commit>) {
        for Commit { place, offset, claim } in commits {
            if let Some(lane) = self.lanes.get_mut(&place) {
                lane.committed = Some((offset, claim));
            }
        }
    }

    /// Takes the messages of a plan whose claims were committed.
    pub fn begin(&mut self, plan: Plan) -> Vec<Begun<M>> {
        let mut begun = Vec::new();
        for (place, offset) in plan.begins {
            let Some(lane) = self.lanes.get_mut(&place) else { continue };
            let Some(at) = lane.waiting.iter().position(|waiting| waiting.offset == offset) else { continue };
            let Some(Waiting { key, bytes, message, .. }) = lane.waiting.remove(at) else { continue };
            if let Some(key) = &key {
                *self.keys.entry(key.clone()).or_default() += 1;
            }
            self.running += 1;
            self.turn = Some(place);
            lane.running.insert(offset, ());
            lane.begun_up_to = lane.begun_up_to.max(offset + 1);
            let is_doubtful = lane.foreign.as_ref().is_some_and(|claim| offset < claim.begun_up_to);
            begun.push(Begun { ticket: Ticket { place, offset, key, bytes, epoch: lane.epoch }, is_doubtful, message });
        }
        begun
    }

    /// A message has ended, and what became of it is durable.
    pub fn ended(&mut self, ticket: &Ticket) {
        self.gone(ticket);
        let lane = self.lanes.get_mut(&ticket.place).filter(|lane| lane.epoch == ticket.epoch);
        if let Some(lane) = lane {
            lane.running.remove(&ticket.offset);
        }
    }

    /// A message does not run any more and has not ended. It comes again after the next start.
    pub fn left(&mut self, ticket: &Ticket) {
        self.gone(ticket);
    }

    fn gone(&mut self, ticket: &Ticket) {
        self.running -= 1;
        self.bytes -= ticket.bytes;
        if let Some(key) = &ticket.key
            && let Some(count) = self.keys.get_mut(key)
        {
            *count -= 1;
            if *count == 0 {
                self.keys.remove(key);
            }
        }
    }

    /// The partitions to pause and those to resume, so that no more messages are here than the limits let.
    pub fn pauses(&mut self) -> (Vec<TopicPartition>, Vec<TopicPartition>) {
        let Limits { waiting_max, bytes_max, .. } = self.limits;
        let is_full = self.bytes >= bytes_max;
        let has_room = self.bytes <= bytes_max / 2;
        let mut changes = (Vec::new(), Vec::new());
        for (place, lane) in &mut self.lanes {
            let count = lane.waiting.len();
            if !lane.is_paused && (is_full || count >= waiting_max) {
                lane.is_paused = true;
                changes.0.push(*place);
            } else if lane.is_paused && has_room && count <= waiting_max / 2 {
                lane.is_paused = false;
                changes.1.push(*place);
            }
        }
        changes
    }

    /// How many messages run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running
    }

    /// How many messages of these partitions run.
    #[must_use]
    pub fn running_in(&self, places: &[TopicPartition]) -> usize {
        places.iter().filter_map(|place| self.lanes.get(place)).map(|lane| lane.running.len()).sum()
    }

    /// How many messages wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lanes.values().map(|lane| lane.waiting.len()).sum()
    }

    /// The bytes of all messages that are here.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl<M> Lane<M> {
    /// The offset of the first message that has not ended.
    fn ended_up_to(&self) -> i64 {
        let waits = self.waiting.front().map(|waiting| waiting.offset);
        let runs = self.running.keys().next().copied();
        waits.into_iter().chain(runs).min().unwrap_or(self.position)
    }

    /// Whether a message must wait until everything that another journal may have begun has ended.
    fn is_closed_at(&self, offset: i64) -> bool {
        let foreign = self.foreign.as_ref().map_or(0, |claim| claim.begun_up_to);
        offset >= foreign && self.ended_up_to() < foreign
    }
}

#[cfg(test)]
mod tests;

//! The services: each job is one request, which is repeated at any gateway if it has a key and was not sent, or if nobody knows what became of it.

use std::time::Duration;

use fep_gateway::exchange::{Exchange, Outcome};
use fep_gateway::gateway::Refusal;
use serde_json::{Value, json};

use super::{Event, State, World};
use crate::world::Rule;

/// The request of a service.
#[derive(Debug)]
pub(in crate::cluster) struct Job {
    number: usize,
    /// The account of a transfer. `None`: it is a question for a balance.
    account: Option<u8>,
    has_key: bool,
    calls: u32,
    /// The calls that were not answered: the call, the gateway and its process.
    waits: Vec<(u32, usize, u32)>,
    is_over: bool,
    /// How often it is asked again although it is known, to see that nothing changes.
    again: u32,
}

/// How often a service asks.
const CALLS_MAX: u32 = 9;

/// How long a service waits for a gateway that says nothing.
const PATIENCE: Duration = Duration::from_millis(4000);

impl World {
    /// A service has a request.
    pub(in crate::cluster) fn job(
        &mut self,
        number: usize,
        at: usize,
        account: Option<u8>,
        (has_key, twice): (bool, bool),
    ) {
        let job = self.jobs.len();
        let new = Job { number, account, has_key, calls: 0, waits: Vec::new(), is_over: false, again: 1 };
        self.jobs.push(new);
        self.ask(job, Some(at));
        if twice {
            self.ask(job, Some((at + 1) % self.gateways().max(1)));
        }
    }

    /// Asks a gateway, or any one that runs.
    pub(in crate::cluster) fn ask(&mut self, job: usize, at: Option<usize>) {
        let running = |member: &super::Member| matches!(member.state, State::Runs | State::Paused(_));
        let running: Vec<usize> =
            self.members.iter().enumerate().filter(|(_, member)| running(member)).map(|(at, _)| at).collect();
        let any = usize::try_from(self.draw.below(u64::try_from(running.len()).unwrap_or(1))).unwrap_or(0);
        let wanted = at.filter(|at| running.contains(at)).or_else(|| running.get(any).copied());
        let Some(asked) = self.jobs.get_mut(job).filter(|job| !job.is_over) else { return };
        let Some(at) = wanted else { return self.after(Duration::from_millis(500), Event::Ask(job, None)) };
        asked.calls += 1;
        let call = asked.calls;
        if let Some(process) = self.members.get(at).map(|member| member.process) {
            asked.waits.push((call, at, process));
        }
        self.asks.push_back((job, at));
        self.after(PATIENCE, Event::Overdue(job, call));
    }

    /// A gateway says nothing.
    pub(in crate::cluster) fn overdue(&mut self, job: usize, call: u32) {
        let Some(asked) = self.jobs.get_mut(job).filter(|job| job.waits.iter().any(|(other, ..)| *other == call))
        else {
            return;
        };
        asked.waits.retain(|(other, ..)| *other != call);
        self.again(job);
    }

    /// The process that was asked is gone.
    pub(in crate::cluster) fn callers_lost(&mut self, at: usize, process: u32) {
        let lost = |job: &&mut Job| job.waits.iter().any(|(_, asked, its)| (*asked, *its) == (at, process));
        let mut again = Vec::new();
        for (number, job) in self.jobs.iter_mut().enumerate() {
            if lost(&job) {
                job.waits.retain(|(_, asked, its)| (*asked, *its) != (at, process));
                again.push(number);
            }
        }
        again.into_iter().for_each(|job| self.again(job));
    }

    /// Asks again, unless there is no key: then nobody knows what became of it.
    fn again(&mut self, job: usize) {
        let pause = self.draw.ms(100, 2000);
        let Some(asked) = self.jobs.get_mut(job) else { return };
        if !asked.has_key || asked.calls >= CALLS_MAX {
            asked.is_over |= asked.waits.is_empty();
            return;
        }
        self.after(pause, Event::Ask(job, None));
    }

    /// The request of a job: telegram, body and idempotency key.
    pub(in crate::cluster) fn request(&self, job: usize) -> (&'static str, Value, Option<String>) {
        let Some(Job { number, account, has_key, .. }) = self.jobs.get(job) else { return ("", Value::Null, None) };
        let Some(account) = account else { return ("BalanceInquiry", json!({ "account": "110200300400" }), None) };
        let body = json!({
            "withdraw_account": format!("1102003004{account:02}"),
            "amount": 1000 + number,
            "deposit_bank": "088",
            "deposit_account": format!("9002003{number:05}"),
            "payee_name": "홍길동",
            "passbook_memo": "",
            "check_digits": "123456",
        });
        ("Transfer", body, has_key.then(|| format!("order-{number}")))
    }

    /// The call of a job at a gateway was answered.
    pub(in crate::cluster) fn told(
        &mut self,
        job: usize,
        (at, process): (usize, u32),
        result: Result<Exchange, Refusal>,
    ) {
        if !self.effect(at) {
            return;
        }
        let Some(asked) = self.jobs.get_mut(job) else { return };
        if let Some(place) = asked.waits.iter().position(|(_, asked, its)| (*asked, *its) == (at, process)) {
            asked.waits.remove(place);
        }
        let number = asked.number;
        let again = match result {
            Ok(exchange) => {
                let outcome = exchange.outcome;
                let name = outcome.map_or("running", Outcome::name);
                let reason = exchange.reason_code.clone().unwrap_or_default();
                self.say(format_args!("job {number} is told {name} {reason} by {at}: {}", exchange.id));
                self.checks_told(number, exchange);
                self.wants_again(job, outcome)
            }
            Err(Refusal::StillRunning(_) | Refusal::KeyUnchecked(_)) => true,
            Err(refusal) => {
                self.fail(Rule::Final, format!("request {number} was refused: {refusal}"));
                false
            }
        };
        if again {
            return self.again(job);
        }
        if let Some(asked) = self.jobs.get_mut(job) {
            asked.is_over = asked.waits.is_empty();
        }
    }

    fn wants_again(&mut self, job: usize, outcome: Option<Outcome>) -> bool {
        let Some(asked) = self.jobs.get_mut(job) else { return false };
        if outcome == Some(Outcome::NotSent) {
            return true;
        }
        // It is asked once more after `unknown`, and sometimes after an answer.
        let again = asked.again > 0;
        asked.again = asked.again.saturating_sub(1);
        again && (outcome == Some(Outcome::Unknown) || self.is_eventful())
    }
}

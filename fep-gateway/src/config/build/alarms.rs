//! `[alarms]` in code.

use std::time::Duration;

use super::keys::{keys, texts};
use super::line::TlsBuilder;
use super::page::Page;
use super::session::HoursBuilder;
use crate::config::MailSecurity;

/// `[alarms]`: what is worth a call, and who is called.
#[derive(Clone, Debug, Default)]
pub struct AlarmsBuilder(Page);

/// `[alarms.to.NAME]`: one receiver.
#[derive(Clone, Debug)]
pub struct AlarmReceiverBuilder(Page);

/// `[alarms.rules.NAME]`: one rule. It has the keys of its kind; the reader refuses those of other kinds.
#[derive(Clone, Debug)]
pub struct AlarmRuleBuilder(Page);

impl AlarmsBuilder {
    /// No receiver and no rule yet. Both are needed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `[alarms.to.NAME]`. A second receiver with the same name replaces the first one.
    #[must_use]
    pub fn to(mut self, name: &str, receiver: AlarmReceiverBuilder) -> Self {
        self.0.entry("to").set(name, receiver.0);
        self
    }

    /// `[alarms.rules.NAME]`. A second rule with the same name replaces the first one.
    #[must_use]
    pub fn rule(mut self, name: &str, rule: AlarmRuleBuilder) -> Self {
        self.0.entry("rules").set(name, rule.0);
        self
    }

    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

impl AlarmReceiverBuilder {
    fn of(kind: &str) -> Self {
        let mut page = Page::default();
        page.set("kind", kind);
        Self(page)
    }

    /// The log of the gateway.
    #[must_use]
    pub fn log() -> Self {
        Self::of("log")
    }

    /// A `POST` to this URL.
    #[must_use]
    pub fn webhook(url: impl Into<String>) -> Self {
        Self::of("webhook").callback(url)
    }

    /// E-mails by way of this server, a host and a port.
    #[must_use]
    pub fn mail(
        server: impl Into<String>,
        from: impl Into<String>,
        recipients: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let mut mail = Self::of("mail").server(server).sender(from);
        mail.0.set("recipients", texts(recipients));
        mail
    }

    /// `security`: how the connection to the mail server is encrypted.
    #[must_use]
    pub fn security(mut self, security: MailSecurity) -> Self {
        let word = match security {
            MailSecurity::StartTls => "starttls",
            MailSecurity::Tls => "tls",
            MailSecurity::Plain => "none",
        };
        self.0.set("security", word);
        self
    }
}

impl AlarmRuleBuilder {
    fn of(kind: &str, to: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut page = Page::default();
        page.set("kind", kind);
        page.set("to", texts(to));
        Self(page)
    }

    /// Nothing came for longer than this while business was open.
    #[must_use]
    pub fn no_traffic(to: impl IntoIterator<Item = impl Into<String>>, quiet_max: Duration) -> Self {
        Self::of("no_traffic", to).quiet_max(quiet_max)
    }

    /// The oldest unknown exchange is older than this and not settled.
    #[must_use]
    pub fn unknown_age(to: impl IntoIterator<Item = impl Into<String>>, age_max: Duration) -> Self {
        Self::of("unknown_age", to).age_max(age_max)
    }

    /// More percent of the exchanges fail than this.
    #[must_use]
    pub fn error_rate(to: impl IntoIterator<Item = impl Into<String>>, percent_max: u32) -> Self {
        Self::of("error_rate", to).percent_max(percent_max)
    }

    /// Answers are slower than usual at this hour.
    #[must_use]
    pub fn latency(to: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::of("latency", to)
    }

    /// Exchanges and notices need a person.
    #[must_use]
    pub fn dead_letters(to: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::of("dead_letters", to)
    }

    /// Answers contradict others.
    #[must_use]
    pub fn conflicts(to: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::of("conflicts", to)
    }

    /// Requests have an unusual amount in this field. Say what is unusual by [`amount_max`](Self::amount_max) or [`z_max`](Self::z_max).
    #[must_use]
    pub fn amount(
        to: impl IntoIterator<Item = impl Into<String>>,
        telegram: impl Into<String>,
        path: impl Into<String>,
    ) -> Self {
        let mut rule = Self::of("amount", to).telegram(telegram);
        rule.0.set("amount", path.into());
        rule
    }
}

keys! { AlarmsBuilder {
    utc_offset_minutes(i32) = "utc_offset_minutes", "the offset of the clock of `hours` from UTC.";
    zone(text) = "zone", "that clock with its daylight time, in place of `utc_offset_minutes`: `EST5EDT,M3.2.0,M11.1.0`.";
} }

keys! { AlarmReceiverBuilder {
    timeout(Duration) = "timeout_ms", "how long an attempt may take.";
    pause(Duration) = "pause_ms", "the shortest time from a message that was taken to the next one.";
    callback(text) = "callback", "the URL of a webhook.";
    callback_secrets(&Path) = "callback_secrets", "the file with the secrets by which each post is signed.";
    callback_tls(table TlsBuilder) = "callback_tls", "TLS, required with https.";
    server(text) = "server", "the host and port of the mail server.";
    tls(table TlsBuilder) = "tls", "whose certificate the mail server has.";
    sender(text) = "from", "the address of the sender.";
    recipients(list) = "recipients", "the addresses of the recipients.";
    user(text) = "user", "the user at the mail server.";
    password_file(&Path) = "password_file", "the file with its password.";
} }

keys! { AlarmRuleBuilder {
    institutions(list) = "institutions", "the institutions, each with an alarm of its own.";
    raise_after(Duration) = "raise_after_ms", "how long the value must be high until the alarm is raised.";
    clear_after(Duration) = "clear_after_ms", "how long it must be low until the alarm is cleared.";
    remind_after(Duration) = "remind_after_ms", "how long after a raise a reminder is due.";
    only_while_open(bool) = "only_while_open", "whether nothing is raised while business is closed.";
    hours(table HoursBuilder) = "hours", "when alarms may be raised.";
    quiet_max(Duration) = "quiet_max_ms", "how long nothing may come.";
    age_max(Duration) = "age_max_ms", "how old an unknown exchange may be.";
    clear_age(Duration) = "clear_age_ms", "up to this age it clears.";
    window(Duration) = "window_ms", "over which time is counted.";
    count_min(u64) = "count_min", "with fewer nothing is said.";
    percent_max(u32) = "percent_max", "how many percent of the exchanges may fail.";
    clear_percent(u32) = "clear_percent", "up to this it clears.";
    times(u32) = "times", "how many times what is usual at this hour it must be besides.";
    days(u32) = "days", "over how many other days.";
    failed(list) = "failed", "which endings are failures: `unknown`, `not_sent`, `declined`.";
    z_max(u32) = "z_max", "how many standard deviations are usual.";
    clear_z(u32) = "clear_z", "up to this it clears.";
    mean_min(Duration) = "mean_min_ms", "a mean up to this is never too slow.";
    count_max(u64) = "count_max", "how many there may be.";
    clear_count(u64) = "clear_count", "up to this it clears.";
    telegram(text) = "telegram", "the request with the amount.";
    amount_max(u64) = "amount_max", "the highest usual amount.";
} }

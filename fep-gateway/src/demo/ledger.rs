//! The rows of the demo's table: exchanges in columns. Each outcome has its own word and colour.

use std::io::{self, Write};

use fep_codec::layout::Layout;

use super::traffic::Wish;
use crate::contract::view::{Summary, summary};
use crate::gateway::LineSpec;
use crate::table::{Cell, Column, Side, Table, grouped};
use fep_protocol::exchange::{Exchange, Money, Outcome, SettledBy};

const COLUMNS: &[Column] = &[
    Column { heading: "trace", width: 6, side: Side::Right },
    Column { heading: "telegram 전문", width: 23, side: Side::Left },
    Column { heading: "amount", width: 11, side: Side::Right },
    Column { heading: "memo 적요", width: 9, side: Side::Left },
    Column { heading: "outcome 결과", width: 15, side: Side::Left },
    Column { heading: "ms", width: 5, side: Side::Right },
    Column { heading: "answer 응답", width: 12, side: Side::Left },
];

const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PURPLE: &str = "\x1b[1;35m";
const GREY: &str = "\x1b[90m";

/// Prints exchanges as they end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ledger {
    table: Table,
}

impl Ledger {
    pub(super) const fn new(colour: bool) -> Self {
        Self { table: Table { columns: COLUMNS, colour } }
    }

    pub(super) fn heading(&self, out: &mut impl Write) -> io::Result<()> {
        self.table.heading(out)
    }

    /// Prints the row of a request that has its outcome.
    pub(super) fn row(
        &self,
        out: &mut impl Write,
        wish: &Wish,
        exchange: &Exchange,
        spec: Option<LineSpec<'_>>,
    ) -> io::Result<()> {
        let line = summary(exchange, spec);
        let (outcome, colour) = match exchange.outcome {
            Some(Outcome::Answered) => ("answered 응답", GREEN),
            Some(Outcome::NotSent) => ("not sent 미송신", GREY),
            Some(Outcome::Unknown) => ("unknown 미확인", PURPLE),
            None => ("running 진행", GREY),
        };
        let verdict = match (&line.response_code, &line.response_meaning) {
            (Some(code), Some(meaning)) => format!("{code} {meaning}"),
            (Some(code), None) => code.clone(),
            (None, _) => line.reason.clone().unwrap_or_default(),
        };
        let verdict_colour = if line.declined { YELLOW } else { "" };
        let amount = wish.amount.map_or_else(|| "-".to_owned(), grouped);
        self.table.row(out, &self.cells(&line, amount, wish.memo, (outcome, colour), (&verdict, verdict_colour)))
    }

    /// Prints the row of an unknown exchange that was settled.
    pub(super) fn settled(
        &self,
        out: &mut impl Write,
        exchange: &Exchange,
        spec: Option<LineSpec<'_>>,
    ) -> io::Result<()> {
        // `response_ms` is the time until it became unknown. The first row of the exchange shows it already.
        let line = Summary { response_ms: None, ..summary(exchange, spec) };
        let by = match exchange.settled_by {
            Some(SettledBy::Inquiry) => "an inquiry",
            Some(SettledBy::Reversal) => "a reversal",
            Some(SettledBy::Person) => "a person",
            Some(SettledBy::LateAnswer) | None => "a late answer",
        };
        let money = exchange.money.map_or("", Money::name);
        let code = line.response_code.as_deref().unwrap_or(money);
        let meaning = line.response_meaning.as_deref().unwrap_or_default();
        let verdict = format!("{code} {meaning}, by {by}").replace(" ,", ",");
        self.table.row(out, &self.cells(&line, String::new(), "", ("settled 확정", GREEN), (&verdict, "")))
    }

    fn cells(
        &self,
        line: &Summary,
        amount: String,
        memo: &str,
        (outcome, outcome_colour): (&str, &'static str),
        (verdict, verdict_colour): (&str, &'static str),
    ) -> [Cell; 7] {
        [
            Cell::from(line.trace.clone()),
            Cell::from(format!("{} {}", line.telegram, line.label)),
            Cell::from(amount),
            Cell::from(memo.to_owned()),
            Cell { text: outcome.to_owned(), colour: outcome_colour },
            Cell::from(line.response_ms.map_or_else(String::new, |ms| ms.to_string())),
            Cell { text: verdict.to_owned(), colour: verdict_colour },
        ]
    }
}

/// The annotated dump of a telegram, secrets masked.
pub(super) fn dump(layout: &Layout, bytes: &[u8], colour: bool) -> String {
    fep_codec::dump::dump(layout, bytes, fep_codec::dump::DumpOptions { reveal: false, colour })
}

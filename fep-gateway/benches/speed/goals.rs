//! The goals of the measurements, and what was seen.

use crate::measure::cell;

/// What a goal demands of a number.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

/// The goals of one section. They are printed below its tables.
#[derive(Default)]
pub(crate) struct Goals {
    rows: Vec<(String, Wanted, Option<f64>)>,
}

impl Goals {
    pub(crate) fn add(&mut self, what: impl Into<String>, wanted: Wanted, seen: Option<f64>) {
        self.rows.push((what.into(), wanted, seen));
    }

    pub(crate) fn print(&self) {
        if self.rows.is_empty() {
            return;
        }
        println!("| goal | wanted | seen | |\n|---|--:|--:|---|");
        for (what, wanted, seen) in &self.rows {
            let (text, is_met) = match wanted {
                Wanted::AtLeast(least) => (format!("≥ {least}"), seen.map(|seen| seen >= *least)),
                Wanted::AtMost(most) => (format!("≤ {most}"), seen.map(|seen| seen <= *most)),
            };
            let verdict = is_met.map_or("not measured", |is_met| if is_met { "met" } else { "missed" });
            println!("| {what} | {text} | {} | {verdict} |", cell(*seen, 2));
        }
        println!();
    }
}

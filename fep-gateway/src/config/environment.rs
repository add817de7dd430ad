//! `environment` and `[test_clock]`: whether the configuration is for production or for tests, and the business clock of tests. It runs no
//! clock: `gateway` does.

use fep_spec::document::Table;
use fep_spec::report::Code;
use reqwest::Url;

use crate::business_clock::BaseTime;

/// `environment`: what the configuration is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// `production`, the default. The business clock is the clock of the machine.
    #[default]
    Production,
    /// `test`. The business clock can be set, and the journal is marked: no production configuration opens it.
    Test,
}

/// `[test_clock]`: what the business clock shows. Only in the environment `test`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestClock {
    /// `base` and `speed`: a time at the start of the gateway, which goes on from there.
    Base(BaseTime),
    /// `from`: the clock of a simulator, by the URL of its interface: `http://127.0.0.1:9080/v1/clock`. The gateway follows it.
    From(String),
}

impl Environment {
    const WORDS: [(&'static str, Self); 2] = [("production", Self::Production), ("test", Self::Test)];

    /// The word in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
        }
    }

    /// Reads `environment` and `[test_clock]`.
    pub(super) fn read(root: &Table<'_>) -> (Self, Option<TestClock>) {
        let environment = root.choice("environment", &Self::WORDS).map_or(Self::default(), |word| word.value);
        let Some(table) = root.table("test_clock") else { return (environment, None) };
        if environment == Self::Production {
            let span = root.key_span("test_clock").unwrap_or_default();
            let message = "`[test_clock]` is not for production: there the business clock is the clock of the machine";
            let hint = "remove the table; for tests, write `environment = \"test\"` before the first table and give the gateway a \
                        journal of its own";
            root.document().error_hint(Code::ConflictingKeys, span, message, hint);
        }
        (environment, test_clock(table))
    }
}

fn test_clock(table: Table<'_>) -> Option<TestClock> {
    let document = table.document();
    let Some(from) = table.string("from") else {
        let base = BaseTime::of(&table);
        table.finish();
        return base.map(TestClock::Base);
    };
    for key in ["base", "speed"] {
        if let Some(span) = table.key_span(key) {
            let message = format!("`{key}` does not fit `from`: the simulator has the clock");
            document.error_hint(Code::ConflictingKeys, span, message, "remove one of them");
        }
    }
    table.knows(&["base", "speed"]);
    let is_url = Url::parse(from.value).is_ok_and(|url| url.scheme() == "http" && url.has_host() && url.path() != "/");
    if !is_url {
        let message = "`from` is no URL of a simulator's clock";
        let hint = "the address of `simulate --api`, and the route: http://127.0.0.1:9080/v1/clock";
        document.error_hint(Code::BadValue, from.span, message, hint);
    }
    table.finish();
    is_url.then(|| TestClock::From(from.value.to_owned()))
}

//! How typed values become values of the file. A value that the file cannot express is a mistake and never another value.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use super::page::{Node, Unwritable};
use super::{BusinessNotice, LineDuty, Priority, Stops};
use crate::config::{ConditionValue, Filling, Network, StepValue, WhenFull};

fn unwritable(message: String, hint: &'static str, instead: Node) -> Node {
    Node::Unwritable(Unwritable { message, hint, instead: Box::new(instead) })
}

fn whole<N: TryInto<i64> + Copy + ToString>(number: N) -> Node {
    number.try_into().map_or_else(
        |_| {
            unwritable(
                format!("{} is too large", number.to_string()),
                "the maximum is 9223372036854775807",
                Node::Whole(1),
            )
        },
        Node::Whole,
    )
}

/// A constant. A text in angle brackets would be read as a filling or a copy.
fn constant(value: &Json) -> Node {
    match value {
        Json::String(text) if text.starts_with('<') && text.ends_with('>') => {
            let hint = "the file reads a text in <…> as what the gateway puts in: use the variant that means it";
            unwritable(
                format!("the constant {text:?} cannot stand in a configuration"),
                hint,
                Node::Text(String::new()),
            )
        }
        Json::String(text) => Node::Text(text.clone()),
        Json::Number(number) => number.as_i64().map_or_else(
            || unwritable(format!("{number} is no whole number of 64 bits"), "give a text", Node::Whole(0)),
            Node::Whole,
        ),
        other => {
            unwritable(format!("{other} is neither a text nor a whole number"), "give one of them", Node::Whole(0))
        }
    }
}

/// The text of a copy from the request.
fn copied(path: &str) -> Node {
    Node::Text(format!("<request.{path}>"))
}

macro_rules! whole_numbers {
    ($($type:ty)*) => { $(impl From<$type> for Node { fn from(number: $type) -> Self { whole(number) } })* };
}

whole_numbers! { usize u64 u32 u16 u8 i64 i32 }

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<SocketAddr> for Node {
    fn from(address: SocketAddr) -> Self {
        Self::Text(address.to_string())
    }
}

impl From<IpAddr> for Node {
    fn from(address: IpAddr) -> Self {
        Self::Text(address.to_string())
    }
}

impl From<Network> for Node {
    fn from(network: Network) -> Self {
        Self::Text(network.to_string())
    }
}

impl From<&Path> for Node {
    fn from(path: &Path) -> Self {
        path.to_str().map_or_else(
            || {
                unwritable(
                    format!("the path {path:?} is not UTF-8"),
                    "a file name in a configuration is a text",
                    "".into(),
                )
            },
            Self::from,
        )
    }
}

impl From<Duration> for Node {
    fn from(time: Duration) -> Self {
        if !time.subsec_nanos().is_multiple_of(1_000_000) {
            return unwritable(format!("{time:?} is not a whole number of milliseconds"), "round it", Self::Whole(1));
        }
        whole(time.as_millis())
    }
}

impl From<Filling> for Node {
    fn from(filling: Filling) -> Self {
        match filling {
            Filling::Fixed(value) => constant(&value),
            Filling::Trace => "<trace>".into(),
            Filling::Date => "<date>".into(),
            Filling::BusinessDate => "<business_date>".into(),
            Filling::Time => "<time>".into(),
            Filling::Transaction => "<transaction>".into(),
            Filling::Instance => "<instance>".into(),
        }
    }
}

impl From<StepValue> for Node {
    fn from(value: StepValue) -> Self {
        match value {
            StepValue::Fixed(value) => constant(&value),
            StepValue::Request(path) => copied(&path),
            StepValue::Attempt => "<attempt>".into(),
        }
    }
}

impl From<ConditionValue> for Node {
    fn from(value: ConditionValue) -> Self {
        match value {
            ConditionValue::Text(text) => constant(&Json::from(text)),
            ConditionValue::Request(path) => copied(&path),
        }
    }
}

impl From<LineDuty> for Node {
    fn from(duty: LineDuty) -> Self {
        duty.name().into()
    }
}

impl From<WhenFull> for Node {
    fn from(when_full: WhenFull) -> Self {
        match when_full {
            WhenFull::Refuse => "refuse".into(),
            WhenFull::Replace => "replace".into(),
        }
    }
}

impl From<Priority> for Node {
    fn from(priority: Priority) -> Self {
        priority.name().into()
    }
}

impl From<BusinessNotice> for Node {
    fn from(notice: BusinessNotice) -> Self {
        let word = BusinessNotice::ALL.into_iter().find(|(_, known)| *known == notice);
        word.map_or("", |(word, _)| word).into()
    }
}

impl From<Stops> for Node {
    fn from(stops: Stops) -> Self {
        match stops {
            Stops::Nothing => "nothing".into(),
            Stops::New => "new".into(),
            Stops::All => "all".into(),
        }
    }
}

impl<N: Into<Node>> From<Vec<N>> for Node {
    fn from(values: Vec<N>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

//! Random changes of a document: keys, values and types that are wrong, or only other ones.

use std::collections::BTreeMap;

use fep_tests::arbitrary::Random;

use crate::tree::{Node, Step};

/// The values that keys have in all documents.
pub(crate) struct Donors(Vec<(String, Vec<Node>)>);

impl Donors {
    pub(crate) fn of(documents: &[Node]) -> Self {
        let mut all: BTreeMap<String, Vec<Node>> = BTreeMap::new();
        for document in documents {
            for path in document.paths() {
                let (Some(Step::Key(key)), Some(value)) = (path.last(), document.at(&path)) else { continue };
                let values = all.entry(key.clone()).or_default();
                if key.starts_with(|first: char| first.is_ascii_lowercase())
                    && values.len() < 40
                    && !values.contains(value)
                {
                    values.push(value.clone());
                }
            }
        }
        // Names of items are keys of `when`, and not keys of spec files.
        all.retain(|_, values| values.len() > 1 || matches!(values.first(), Some(Node::Flag(_))));
        Self(all.into_iter().collect())
    }

    fn any(&self, random: &mut Random) -> (String, Node) {
        let (key, values) = &self.0[random.small(self.0.len())];
        (key.clone(), values[random.small(values.len())].clone())
    }

    fn of_key(&self, key: &str, random: &mut Random) -> Option<Node> {
        let (_, values) = self.0.iter().find(|(known, _)| known == key)?;
        Some(values[random.small(values.len())].clone())
    }
}

/// A value that is rarely right.
fn odd(random: &mut Random) -> Node {
    let texts = ["", " ", "x y", "가", "A", "0100", "any", "none", "*", "header.code", "a.b", "YYYYMMDD", "é"];
    let numbers = [0, -1, 1, 2, 255, 256, 65_536, 1_048_577, i64::MAX];
    match random.below(6) {
        0 | 1 => Node::Text(texts[random.small(texts.len())].to_owned()),
        2 => Node::Whole(numbers[random.small(numbers.len())]),
        3 => Node::Flag(random.below(2) == 0),
        4 => Node::Decimal(1.5),
        _ if random.below(2) == 0 => Node::List(Vec::new()),
        _ => Node::Table(Vec::new()),
    }
}

/// Changes the document at one place.
pub(crate) fn change(document: &mut Node, donors: &Donors, random: &mut Random) {
    let paths = document.paths();
    let path = paths[random.small(paths.len())].clone();
    let key = path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.clone()),
        Step::At(_) => None,
    });
    let Some(node) = document.at_mut(&path) else { return };
    match (random.below(8), node) {
        (0, node) if !path.is_empty() => *node = odd(random),
        (1, node) if !path.is_empty() => *node = Node::List(vec![node.clone()]),
        (2, Node::List(values)) if !values.is_empty() => {
            let value = values[random.small(values.len())].clone();
            values.push(value);
        }
        (3, Node::List(values)) if !values.is_empty() => {
            values.remove(random.small(values.len()));
        }
        (2 | 3, Node::Table(entries)) if !entries.is_empty() => {
            entries.remove(random.small(entries.len()));
        }
        (4, Node::Table(entries)) if !entries.is_empty() => {
            let at = random.small(entries.len());
            let (name, _) = donors.any(random);
            if entries.iter().all(|(known, _)| *known != name) {
                entries[at].0 = name;
            }
        }
        (_, Node::Table(entries)) => {
            let (name, value) = donors.any(random);
            if entries.iter().all(|(known, _)| *known != name) {
                let value = if random.below(4) == 0 { odd(random) } else { value };
                entries.push((name, value));
            }
        }
        (_, node) => {
            let value = key.and_then(|key| donors.of_key(&key, random));
            *node = value.filter(|_| random.below(4) > 0).unwrap_or_else(|| odd(random));
        }
    }
}

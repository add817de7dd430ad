//! Reads a formula. What it means is in `formula`.

use super::{Function, Node, Operator};
use crate::time;

/// The longest formula, in bytes.
const LEN_MAX: usize = 1000;
/// How deep a formula is nested at most.
const DEPTH_MAX: usize = 32;

/// Reads a formula, or says what is wrong and at which byte.
pub(super) fn formula(text: &str) -> Result<Node, (String, usize)> {
    if text.len() > LEN_MAX {
        return Err((format!("a formula has at most {LEN_MAX} bytes"), LEN_MAX));
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    let node = reader.level(0)?;
    if reader.peek().is_some() {
        return Err(reader.wrong("an operator or the end"));
    }
    Ok(node)
}

/// The operators of two values, the loosest first. A longer one stands before its beginning.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("<", Operator::Less),
        (">", Operator::More),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("/", Operator::Over), ("%", Operator::Rest)],
];

/// The level of comparisons: there is one at most, because `a < b < c` means something else to everybody.
const COMPARISONS: usize = 2;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

type Parsed = Result<Node, (String, usize)>;

impl<'t> Reader<'t> {
    fn level(&mut self, level: usize) -> Parsed {
        let Some(operators) = LEVELS.get(level) else { return self.sign() };
        let mut node = self.level(level + 1)?;
        let mut count = 0;
        while let Some(operator) = self.operator(operators) {
            count += 1;
            if level == COMPARISONS && count > 1 {
                return Err(self.wrong("one comparison: join two with `&&`"));
            }
            let other = self.level(level + 1)?;
            node = Node::Two(operator, Box::new(node), Box::new(other));
        }
        Ok(node)
    }

    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        self.peek()?;
        let rest = self.rest();
        let (word, operator) = operators.iter().find(|(word, _)| rest.starts_with(word))?;
        self.at += word.len();
        Some(*operator)
    }

    fn sign(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((format!("a formula is nested at most {DEPTH_MAX} deep"), self.at));
        }
        let node = match self.peek() {
            Some('-') => {
                self.at += 1;
                Node::Minus(Box::new(self.sign()?))
            }
            Some('!') => {
                self.at += 1;
                Node::Not(Box::new(self.sign()?))
            }
            Some('(') => {
                self.at += 1;
                let node = self.level(0)?;
                self.expect(')')?;
                node
            }
            Some(one) if one.is_ascii_digit() => self.number()?,
            Some(one) if is_of_name(one) => self.name()?,
            _ => return Err(self.wrong("a number, a date, a name or `(`")),
        };
        self.depth -= 1;
        Ok(node)
    }

    /// `1_000` or `2031-07-01`.
    fn number(&mut self) -> Parsed {
        let begin = self.at;
        let date = self.rest().get(..10).filter(|text| text.as_bytes().get(4) == Some(&b'-') && is_date_like(text));
        if let Some(date) = date {
            let ms = time::parse(date).map_err(|_| (format!("`{date}` is no date"), begin))?;
            self.at += date.len();
            return Ok(Node::Number(ms.div_euclid(time::DAY_MS).into()));
        }
        let len = self.rest().find(|one: char| !(one.is_ascii_digit() || one == '_')).unwrap_or(self.rest().len());
        let digits: String = self.rest().chars().take(len).filter(char::is_ascii_digit).collect();
        self.at += len;
        digits.parse().map(Node::Number).map_err(|_| ("the number has too many digits".to_owned(), begin))
    }

    fn name(&mut self) -> Parsed {
        let begin = self.at;
        let rest = self.rest();
        let len = rest.find(|one: char| !(is_of_name(one) || one.is_ascii_digit() || one == '.')).unwrap_or(rest.len());
        let name = rest.get(..len).unwrap_or_default();
        self.at += len;
        if self.peek() == Some('(') {
            return self.call(name, begin);
        }
        Ok(match name.split_once('.') {
            Some(("request", path)) if !path.is_empty() => Node::Request(path.to_owned()),
            Some(_) => return Err((format!("`{name}` is no name: only `request` has fields"), begin)),
            None if name == "today" => Node::Today,
            None if name == "exists" => Node::Exists,
            None => Node::Name(name.to_owned()),
        })
    }

    fn call(&mut self, name: &str, begin: usize) -> Parsed {
        let known = Function::ALL.iter().find(|(_, known, _)| *known == name);
        let Some((function, _, count)) = known else {
            let names = Function::ALL.map(|(_, name, _)| name).join(", ");
            return Err((format!("there is no function `{name}` (known are {names})"), begin));
        };
        self.at += 1;
        let mut values = vec![self.level(0)?];
        while self.peek() == Some(',') {
            self.at += 1;
            values.push(self.level(0)?);
        }
        self.expect(')')?;
        if values.len() != *count {
            return Err((format!("`{name}` has {count} values, not {}", values.len()), begin));
        }
        Ok(Node::Call(*function, values))
    }

    fn expect(&mut self, wanted: char) -> Result<(), (String, usize)> {
        if self.peek() != Some(wanted) {
            return Err(self.wrong(&format!("`{wanted}`")));
        }
        self.at += 1;
        Ok(())
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
        self.rest().chars().next()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, expected: &str) -> (String, usize) {
        let found = self.rest().chars().next();
        let found = found.map_or_else(|| "the end".to_owned(), |one| format!("`{}`", one.escape_debug()));
        (format!("{expected} is expected, not {found}"), self.at)
    }
}

fn is_of_name(one: char) -> bool {
    one.is_ascii_lowercase() || one.is_ascii_uppercase() || one == '_'
}

/// Whether a text has the digits of a date at their places: `2031-07-01`.
fn is_date_like(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}

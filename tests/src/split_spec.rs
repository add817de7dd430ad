//! A spec text cut into a spec and shared files, and the same text in one piece.
//!
//! The pieces are the lines of `[types]` and the tables `[codes.NAME]` and `[parts.NAME]`. A piece may be in the same file as the pieces that it names, or
//! in one that includes their files. What the text in one piece looks like follows from the documentation of `include` alone: the pieces of a file stand
//! behind those of the files that it includes.

use std::collections::BTreeMap;

use crate::arbitrary::Random;

/// A spec in several files, and in one.
#[derive(Clone, Debug)]
pub struct SplitSpec {
    /// The text of the spec, which includes the files.
    pub spec: String,
    /// The shared files, each with its path and its text. The spec is in the folder above `specs`.
    pub shared: Vec<(String, String)>,
    /// The spec in one piece.
    pub pasted: String,
}

/// The path of the spec that includes the shared files.
pub const SPEC_PATH: &str = "specs/spec.toml";

/// The paths of shared files, as seen from the working folder.
const PATHS: [&str; 4] = ["specs/a.toml", "common/b.toml", "specs/below/c.toml", "d.toml"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Codes,
    Type,
    Part,
}

/// A table, or a line of `[types]`.
#[derive(Clone, Debug)]
struct Piece {
    kind: Kind,
    name: String,
    text: String,
}

/// The files, each with its pieces and the files that it includes. The last one is the spec.
struct Files {
    pieces: Vec<Vec<Piece>>,
    includes: Vec<Vec<usize>>,
}

impl SplitSpec {
    /// Cuts the text of a spec, with these random decisions.
    #[must_use]
    pub fn of(text: &str, random: &mut Random) -> Self {
        let (head, mut pieces, rest) = cut(text);
        pieces.sort_by_key(|piece| piece.kind);
        let files = Files::of(&pieces, random);
        let spec = PATHS.len();
        let mut pasted = format!("{head}\n");
        let mut order = Vec::new();
        files.order(spec, &mut order);
        let all: Vec<Piece> =
            order.iter().flat_map(|file| files.pieces.get(*file).cloned().unwrap_or_default()).collect();
        pasted.push_str(&(joined(&all) + &rest));
        let list = |file: usize| {
            let names = files.includes.get(file).into_iter().flatten();
            let names: Vec<String> = names.map(|other| format!("\"{}\"", relative(path(file), path(*other)))).collect();
            format!("include = [{}]\n", names.join(", "))
        };
        let own = |file: usize| files.pieces.get(file).map(|pieces| joined(pieces)).unwrap_or_default();
        let shared = order
            .iter()
            .filter(|file| **file != spec)
            .map(|file| (path(*file).to_owned(), format!("shared = \"file {file}\"\n{}{}", list(*file), own(*file))));
        Self { spec: format!("{head}\n{}{}{rest}", list(spec), own(spec)), shared: shared.collect(), pasted }
    }
}

fn path(file: usize) -> &'static str {
    PATHS.get(file).copied().unwrap_or(SPEC_PATH)
}

impl Files {
    fn of(pieces: &[Piece], random: &mut Random) -> Self {
        let spec = PATHS.len();
        let mut place: BTreeMap<(Kind, &str), usize> = BTreeMap::new();
        let mut files = Self { pieces: vec![Vec::new(); spec + 1], includes: vec![Vec::new(); spec + 1] };
        for (number, piece) in pieces.iter().enumerate() {
            let before = pieces.iter().take(number);
            let needs = before.filter(|other| piece.text.contains(&format!("\"{}\"", other.name)));
            let needs: Vec<usize> = needs.filter_map(|other| place.get(&(other.kind, &other.name)).copied()).collect();
            let least = needs.iter().copied().max().unwrap_or(0);
            let file = least + random.small(spec + 1 - least);
            place.insert((piece.kind, &piece.name), file);
            files.pieces.get_mut(file).into_iter().for_each(|pieces| pieces.push(piece.clone()));
            needs.into_iter().for_each(|other| files.include(file, other));
        }
        // Further includes change nothing but the order.
        for file in 0..spec {
            if file > 0 && random.below(3) == 0 {
                files.include(file, random.small(file));
            }
        }
        let mut known = Vec::new();
        files.order(spec, &mut known);
        for file in 0..spec {
            let has_pieces = files.pieces.get(file).is_some_and(|pieces| !pieces.is_empty());
            if !known.contains(&file) && (has_pieces || random.below(2) == 0) {
                files.include(spec, file);
            }
        }
        files
    }

    fn include(&mut self, file: usize, other: usize) {
        if let Some(includes) =
            self.includes.get_mut(file).filter(|includes| file != other && !includes.contains(&other))
        {
            includes.push(other);
        }
    }

    /// The files that a file includes, and that file, each behind the files that it includes itself.
    fn order(&self, file: usize, order: &mut Vec<usize>) {
        for other in self.includes.get(file).into_iter().flatten() {
            if !order.contains(other) {
                self.order(*other, order);
            }
        }
        if !order.contains(&file) {
            order.push(file);
        }
    }
}

/// The keys of the file, the pieces that can be shared, and the rest.
fn cut(text: &str) -> (String, Vec<Piece>, String) {
    let mut head = String::new();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = String::new();
    let mut section = String::new();
    for line in text.lines() {
        if line.starts_with('[') {
            section = line.split(']').next().unwrap_or_default().trim_start_matches('[').to_owned();
        }
        let (kind, name) = section.split_once('.').unwrap_or((&section, ""));
        match (kind, line.starts_with('[')) {
            ("", _) => head += &format!("{line}\n"),
            ("types", true) => {}
            ("types", false) => {
                if let Some((name, _)) = line.split_once('=') {
                    let name = name.trim().trim_matches('"').to_owned();
                    pieces.push(Piece { kind: Kind::Type, name, text: format!("{line}\n") });
                }
            }
            ("codes" | "parts", true) => {
                let kind = if kind == "codes" { Kind::Codes } else { Kind::Part };
                pieces.push(Piece { kind, name: name.to_owned(), text: format!("{line}\n") });
            }
            ("codes" | "parts", false) => pieces.last_mut().into_iter().for_each(|piece| {
                piece.text += line;
                piece.text.push('\n');
            }),
            _ => rest += &format!("{line}\n"),
        }
    }
    (head, pieces, rest)
}

/// Pieces as the text of a file.
fn joined(pieces: &[Piece]) -> String {
    let of = |kind: Kind| -> String {
        pieces.iter().filter(|piece| piece.kind == kind).map(|piece| piece.text.as_str()).collect()
    };
    let types = of(Kind::Type);
    let types = if types.is_empty() { types } else { format!("[types]\n{types}\n") };
    types + &of(Kind::Codes) + &of(Kind::Part)
}

/// The way from the folder of one path to another path.
fn relative(from: &str, to: &str) -> String {
    "../".repeat(from.matches('/').count()) + to
}

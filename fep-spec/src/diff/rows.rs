//! Both versions side by side, as the page shows them.

/// The items of a telegram side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) old: Option<Title>,
    pub(super) new: Option<Title>,
    pub(super) rows: Vec<Row>,
}

/// A telegram in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Title {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) len: Option<usize>,
}

/// An item in both versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) old: Option<Cell>,
    pub(super) new: Option<Cell>,
    /// How deep in groups and choices it is.
    pub(super) depth: usize,
}

/// An item in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) offset: Option<usize>,
    pub(super) len: Option<usize>,
    pub(super) kind: String,
}

//! The setters of plain keys: a list of methods with the keys of the file.

/// Implements the setters of a builder whose only field is its page. Each line is `METHOD(TYPE) = "KEY", "what it is";`.
/// The type `text` takes what becomes a text, and `list` a list of texts.
macro_rules! keys {
    ($builder:ident { $($method:ident($($type:tt)+) = $key:literal, $doc:literal;)* }) => {
        impl $builder {
            /// The keys that methods of this list set.
            #[cfg(test)]
            pub(super) const KEYS: &'static [&'static str] = &[$($key),*];

            $($crate::config::build::keys::setter! { $method ($($type)+) $key $doc })*
        }
    };
}

macro_rules! setter {
    ($method:ident (text) $key:literal $doc:literal) => {
        #[doc = concat!("`", $key, "`: ", $doc)]
        #[must_use]
        pub fn $method(mut self, $method: impl Into<String>) -> Self {
            self.0.set($key, $method.into());
            self
        }
    };
    ($method:ident (list) $key:literal $doc:literal) => {
        #[doc = concat!("`", $key, "`: ", $doc)]
        #[must_use]
        pub fn $method(mut self, $method: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.0.set($key, $crate::config::build::keys::texts($method));
            self
        }
    };
    ($method:ident (&Path) $key:literal $doc:literal) => {
        #[doc = concat!("`", $key, "`: ", $doc)]
        #[must_use]
        pub fn $method(mut self, $method: impl AsRef<std::path::Path>) -> Self {
            self.0.set($key, $method.as_ref());
            self
        }
    };
    ($method:ident (table $type:ty) $key:literal $doc:literal) => {
        #[doc = concat!("`", $key, "`: ", $doc)]
        #[must_use]
        pub fn $method(mut self, $method: $type) -> Self {
            self.0.set($key, $method.0);
            self
        }
    };
    ($method:ident (values) $key:literal $doc:literal) => {
        #[doc = concat!("`", $key, "`: ", $doc, " Pairs of the path of a field and its value.")]
        #[must_use]
        pub fn $method(mut self, $method: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
            self.0.set($key, $crate::config::build::keys::pairs($method));
            self
        }
    };
    ($method:ident ($type:ty) $key:literal $doc:literal) => {
        #[doc = concat!("`", $key, "`: ", $doc)]
        #[must_use]
        pub fn $method(mut self, $method: $type) -> Self {
            self.0.set($key, $method);
            self
        }
    };
}

pub(super) use keys;
pub(super) use setter;

use super::page::{Node, Page};

/// A list of texts.
pub(super) fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

/// A table of paths and values.
pub(super) fn pairs(pairs: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Page {
    table(pairs.into_iter().map(|(path, value)| (path, value.into())))
}

/// A table of names and values of any kind.
pub(super) fn table(pairs: impl IntoIterator<Item = (impl Into<String>, impl Into<Node>)>) -> Page {
    let mut page = Page::default();
    pairs.into_iter().for_each(|(name, value)| page.set(&name.into(), value));
    page
}

//! The traits that [`Text`] and [`Digits`] share: conversion from `str`, borrowing as `str` and comparison with `str`.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use core::borrow::Borrow;
use core::ops::Deref;
use core::str::FromStr;

use super::{Digits, DigitsError, Text, TextLenError};

/// Implements the conversions of a value that holds a string.
macro_rules! string_like {
    ($value:ident, $error:ident) => {
        impl<const N: usize> Deref for $value<N> {
            type Target = str;

            fn deref(&self) -> &str {
                self.as_str()
            }
        }

        impl<const N: usize> AsRef<str> for $value<N> {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        /// Equality, order and hash are those of the `str`, so a map with such keys can be searched by `&str`.
        impl<const N: usize> Borrow<str> for $value<N> {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl<const N: usize> core::hash::Hash for $value<N> {
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl<const N: usize> FromStr for $value<N> {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::new(text)
            }
        }

        impl<const N: usize> TryFrom<&str> for $value<N> {
            type Error = $error;

            fn try_from(text: &str) -> Result<Self, $error> {
                Self::new(text)
            }
        }

        impl<const N: usize> TryFrom<String> for $value<N> {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                Self::new(&text)
            }
        }

        impl<const N: usize> From<$value<N>> for String {
            fn from(value: $value<N>) -> Self {
                value.as_str().to_owned()
            }
        }

        impl<const N: usize> PartialEq<str> for $value<N> {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl<const N: usize> PartialEq<&str> for $value<N> {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl<const N: usize> PartialEq<String> for $value<N> {
            fn eq(&self, other: &String) -> bool {
                self.as_str() == other
            }
        }

        impl<const N: usize> PartialEq<$value<N>> for str {
            fn eq(&self, other: &$value<N>) -> bool {
                self == other.as_str()
            }
        }

        impl<const N: usize> PartialEq<$value<N>> for &str {
            fn eq(&self, other: &$value<N>) -> bool {
                *self == other.as_str()
            }
        }

        impl<const N: usize> PartialEq<$value<N>> for String {
            fn eq(&self, other: &$value<N>) -> bool {
                self == other.as_str()
            }
        }
    };
}

string_like!(Text, TextLenError);
string_like!(Digits, DigitsError);

//! Raw bytes: a value has exactly the length of its field.

use alloc::vec::Vec;

use super::FieldValue;
use crate::error::Fault;
use crate::layout::BytesRule;

#[inline]
fn put(bytes: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    if bytes.len() != out.len() {
        return Err(Fault::NotFull { given: bytes.len(), len: out.len() });
    }
    out.copy_from_slice(bytes);
    Ok(())
}

impl<'a, const N: usize> FieldValue<'a, BytesRule> for [u8; N] {
    const LEN: Option<usize> = Some(N);

    #[inline]
    fn put(&self, _: &BytesRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self, out)
    }

    #[inline]
    fn get(_: &BytesRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.try_into().map_err(|_| Fault::NotFull { given: bytes.len(), len: N })
    }
}

impl<'a> FieldValue<'a, BytesRule> for &'a [u8] {
    #[inline]
    fn put(&self, _: &BytesRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self, out)
    }

    #[inline]
    fn get(_: &BytesRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        Ok(bytes)
    }
}

impl<'a> FieldValue<'a, BytesRule> for Vec<u8> {
    fn put(&self, _: &BytesRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self, out)
    }

    fn get(_: &BytesRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        Ok(bytes.to_vec())
    }
}

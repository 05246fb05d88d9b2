//! What the tags of a main header say, taken as rpm's own queries take them.

use crate::header::{Entry, Index};
use crate::tag::Kind;

/// A main header that the strict reader accepted.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) index: &'a Index,
}

impl<'a> Values<'a> {
    fn data(&self, entry: &Entry) -> &'a [u8] {
        self.bytes.get(entry.range.clone()).unwrap_or_default()
    }

    /// Whether the tag is there.
    pub(super) fn has(&self, tag: u32) -> bool {
        self.index.find(tag).is_some()
    }

    /// The string of a tag that has one; of a text in several languages the first, which is
    /// that of the C locale.
    pub(super) fn text(&self, tag: u32) -> Option<&'a [u8]> {
        let entry = self.index.find(tag)?;
        match entry.kind {
            Kind::String | Kind::I18nString => self.index.string(self.bytes, tag),
            Kind::StringArray if entry.count == 1 => self.index.string(self.bytes, tag),
            _ => None,
        }
    }

    /// Every string of a tag.
    pub(super) fn texts(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let entry = self.index.find(tag).filter(|entry| {
            matches!(
                entry.kind,
                Kind::String | Kind::I18nString | Kind::StringArray
            )
        });
        let data = entry.map(|entry| self.data(entry));
        let data = data.map(|data| data.strip_suffix(&[0]).unwrap_or(data));
        data.into_iter().flat_map(|data| data.split(|&b| b == 0))
    }

    /// Every number of a tag.
    pub(super) fn numbers(&self, tag: u32) -> impl Iterator<Item = u64> + use<'a> {
        let entry = self.index.find(tag);
        let width = entry.and_then(|entry| match entry.kind {
            Kind::Char | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => entry.kind.width(),
            Kind::Bin | Kind::String | Kind::StringArray | Kind::I18nString => None,
        });
        let data = entry.map_or(&[][..], |entry| self.data(entry));
        let data = if width.is_some() { data } else { &[] };
        data.chunks_exact(width.unwrap_or(1)).map(|bytes| {
            bytes
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte))
        })
    }

    /// The number of a tag, or the first one.
    pub(super) fn number(&self, tag: u32) -> Option<u64> {
        self.numbers(tag).next()
    }
}

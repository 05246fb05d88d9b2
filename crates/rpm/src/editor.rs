//! The signature header, rewritten: signatures go in or out, every other entry keeps its
//! bytes, and the space reserved at build time gives or takes what the change needs.
//!
//! Pure over bytes. While the change fits the reserve, the header keeps its length, so
//! that everything behind it stays where it is, and taking a signature out again gives
//! back the header bit for bit.

use crate::error::{Error, Result};
use crate::header::{ENTRY, Fault, INTRO, Index, MAGIC, Role};
use crate::tag::{Kind, SignatureTag};

/// A header that must grow grows by multiples of this many bytes: the usual block of a
/// file system, so that what lies behind stays aligned to blocks.
pub const GROWTH: usize = 4096;

/// Caps of the signature header (rpm's own).
const MAX_ENTRIES: usize = 32;
const MAX_DATA: usize = 64 << 20;

/// One entry, with its data as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    tag: SignatureTag,
    kind: Kind,
    count: usize,
    data: Vec<u8>,
}

/// A signature header taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    items: Vec<Item>,
    reserve: SignatureTag,
    length: usize,
}

/// A signature header put together again, without the padding that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Its bytes.
    pub header: Vec<u8>,
    /// How many bytes the main header moves back: 0 while the change fits the reserve,
    /// else a multiple of [`GROWTH`].
    pub grown: usize,
}

/// Zero bytes that follow a signature header of this length.
pub fn padding(length: usize) -> usize {
    (8 - length % 8) % 8
}

/// Puts signatures into a signature header: `legacy` ones as binary packets under their
/// tags, `openpgp` ones in base64 behind those that tag 278 holds already.
///
/// # Errors
/// [`Error::TooLarge`], or a fault where `header` is none.
pub fn insert_signatures(
    header: &[u8],
    reserve: SignatureTag,
    legacy: &[(SignatureTag, Vec<u8>)],
    openpgp: &[String],
) -> Result<Edited, EditError> {
    let mut editor = Editor::parse(header, reserve)?;
    for (tag, packet) in legacy {
        editor.put(*tag, packet.clone());
    }
    if !openpgp.is_empty() {
        let mut all = editor.strings(SignatureTag::OPENPGP);
        all.extend(openpgp.iter().map(|s| s.as_bytes().to_vec()));
        editor.put_strings(SignatureTag::OPENPGP, &all);
    }
    Ok(editor.finish()?)
}

/// Why an edit failed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The bytes are no signature header.
    #[error("{}", .0.detail)]
    Fault(Fault),
    /// The result would break a cap.
    #[error(transparent)]
    Size(#[from] Error),
}

impl From<Fault> for EditError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Editor {
    /// Takes a signature header apart. `reserve` is the tag that holds free space:
    /// 1008 in version 4 packages, 999 in version 6.
    ///
    /// # Errors
    /// A fault when the bytes are no signature header.
    pub fn parse(header: &[u8], reserve: SignatureTag) -> Result<Self, Fault> {
        Ok(Self::from_index(
            header,
            &Index::parse(header, Role::Signature)?,
            reserve,
        ))
    }

    pub(crate) fn from_index(header: &[u8], index: &Index, reserve: SignatureTag) -> Self {
        let mut items: Vec<_> = index
            .entries
            .iter()
            .filter(|e| e.tag != reserve.0)
            .map(|e| Item {
                tag: SignatureTag(e.tag),
                kind: e.kind,
                count: e.count,
                data: header.get(e.range.clone()).unwrap_or_default().to_vec(),
            })
            .collect();
        items.sort_by_key(|i| i.tag);
        Self {
            items,
            reserve,
            length: header.len(),
        }
    }

    /// The data of the first entry with this tag.
    pub fn bytes(&self, tag: SignatureTag) -> Option<&[u8]> {
        self.items
            .iter()
            .find(|i| i.tag == tag)
            .map(|i| i.data.as_slice())
    }

    /// The strings of a string array; none where the tag is absent.
    pub fn strings(&self, tag: SignatureTag) -> Vec<Vec<u8>> {
        self.bytes(tag).map_or_else(Vec::new, |data| {
            data.strip_suffix(&[0])
                .unwrap_or(data)
                .split(|&b| b == 0)
                .map(<[u8]>::to_vec)
                .collect()
        })
    }

    /// Takes out every entry with this tag; whether there was one.
    pub fn remove(&mut self, tag: SignatureTag) -> bool {
        let before = self.items.len();
        self.items.retain(|i| i.tag != tag);
        self.items.len() < before
    }

    /// Sets a binary entry, replacing what the tag held. Empty data remove it, as the
    /// format knows no empty entry.
    pub fn put(&mut self, tag: SignatureTag, data: Vec<u8>) {
        let count = data.len();
        self.set(tag, Kind::Bin, count, data);
    }

    /// Sets a string array, replacing what the tag held. No strings remove it.
    pub fn put_strings(&mut self, tag: SignatureTag, strings: &[Vec<u8>]) {
        let mut data = Vec::new();
        for string in strings {
            data.extend_from_slice(string);
            data.push(0);
        }
        self.set(tag, Kind::StringArray, strings.len(), data);
    }

    fn set(&mut self, tag: SignatureTag, kind: Kind, count: usize, data: Vec<u8>) {
        self.remove(tag);
        if data.is_empty() {
            return;
        }
        let at = self.items.partition_point(|i| i.tag < tag);
        let item = Item {
            tag,
            kind,
            count,
            data,
        };
        self.items.insert(at, item);
    }

    /// Lays the entries out in order of tag with a reserve that keeps the length, or with
    /// the least growth by [`GROWTH`] where the reserve does not suffice.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn finish(&self) -> Result<Edited> {
        if self.items.len() + 2 > MAX_ENTRIES {
            return Err(Error::TooLarge {
                reason: "it would have more than 32 entries",
            });
        }
        let least = self.length_with(1);
        if least > MAX_DATA {
            return Err(Error::TooLarge {
                reason: "it would have more than 64 MiB of data",
            });
        }
        // What stays fixed is where the main header begins: the padded end.
        let end = self.length + padding(self.length);
        let missing = (least + padding(least)).saturating_sub(end);
        let mut grown = missing.div_ceil(GROWTH) * GROWTH;
        loop {
            if let Some(reserve) = self.reserve_for(self.length + grown) {
                return Ok(Edited {
                    header: self.lay_out(reserve),
                    grown,
                });
            }
            grown += GROWTH;
        }
    }

    /// The size of the reserve that makes the header `target` bytes long, or at least as
    /// long up to its padding.
    fn reserve_for(&self, target: usize) -> Option<usize> {
        let padded = |length: usize| length + padding(length);
        // Exact while nothing lies behind the reserve (r = T − 64 − 16n − D); data behind
        // it move by their alignment, at most 8 bytes, so that a few sizes are tried.
        let most = padded(target).checked_sub(self.length_with(1))? + 1;
        let candidates = || (most.saturating_sub(16).max(1)..=most).rev();
        candidates()
            .find(|&r| self.length_with(r) == target)
            .or_else(|| candidates().find(|&r| padded(self.length_with(r)) == padded(target)))
    }

    /// The data offsets of all entries with a reserve of `reserve` bytes, and the end.
    fn offsets(&self, reserve: usize) -> (Vec<(SignatureTag, Kind, usize, usize)>, usize) {
        let mut end = 0usize;
        let mut rows = Vec::with_capacity(self.items.len() + 1);
        let split = self.items.partition_point(|i| i.tag < self.reserve);
        let (below, above) = self.items.split_at_checked(split).unwrap_or_default();
        for item in below {
            end = end.next_multiple_of(item.kind.alignment());
            rows.push((item.tag, item.kind, item.count, end));
            end += item.data.len();
        }
        rows.push((self.reserve, Kind::Bin, reserve, end));
        end += reserve;
        for item in above {
            end = end.next_multiple_of(item.kind.alignment());
            rows.push((item.tag, item.kind, item.count, end));
            end += item.data.len();
        }
        (rows, end)
    }

    fn length_with(&self, reserve: usize) -> usize {
        let (rows, end) = self.offsets(reserve);
        INTRO + ENTRY * (rows.len() + 1) + end + ENTRY
    }

    fn lay_out(&self, reserve: usize) -> Vec<u8> {
        let (rows, end) = self.offsets(reserve);
        let entries = rows.len() + 1;
        let mut header = Vec::with_capacity(INTRO + ENTRY * entries + end + ENTRY);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&number(entries).to_be_bytes());
        header.extend_from_slice(&number(end + ENTRY).to_be_bytes());
        let region = SignatureTag::HEADERSIGNATURES;
        push_entry(&mut header, region, Kind::Bin, number(end), ENTRY);
        for (tag, kind, count, offset) in &rows {
            push_entry(&mut header, *tag, *kind, number(*offset), *count);
        }
        let data_at = header.len();
        let mut items = self.items.iter();
        for (tag, _, _, offset) in &rows {
            header.resize(data_at + offset, 0);
            // Rows are the items in order with the reserve among them.
            if *tag != self.reserve
                && let Some(item) = items.next()
            {
                header.extend_from_slice(&item.data);
            }
        }
        header.resize(data_at + end, 0);
        // The trailer stands where the data end, unaligned, and gives the length of the
        // index as a negative offset.
        let back = number(ENTRY * entries).wrapping_neg();
        push_entry(&mut header, region, Kind::Bin, back, ENTRY);
        header
    }
}

fn push_entry(header: &mut Vec<u8>, tag: SignatureTag, kind: Kind, offset: u32, count: usize) {
    for word in [tag.0, kind.number(), offset, number(count)] {
        header.extend_from_slice(&word.to_be_bytes());
    }
}

/// Sizes are below the cap on data, which `finish` checks, so far below 2^32.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;

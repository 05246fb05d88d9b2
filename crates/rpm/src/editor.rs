//! The signature header, rewritten: signatures go in or out, every other entry keeps its
//! bytes, and the space reserved at build time gives or takes what the change needs.
//!
//! Pure over bytes. While the change fits the reserve, the header keeps its length, so
//! that everything behind it stays where it is. Where it does not fit, the header grows,
//! and a note of [`NOTE`] bytes at the end of the reserve says from what length: what a
//! header looks like depends only on its length at build time and on its entries, so that taking
//! a signature out again gives back the header bit for bit, grown or not.

use crate::error::{Error, Result};
use crate::header::{ENTRY, Fault, INTRO, Index, MAGIC, Role};
use crate::tag::{Kind, SignatureTag};

/// A header that must grow grows by multiples of this many bytes: the usual block of a
/// file system, so that what lies behind stays aligned to blocks.
pub const GROWTH: usize = 4096;

/// Bytes of the note at the end of a grown header's reserve: [`NOTE_WORD`] and how long the
/// header was at build time.
pub const NOTE: usize = 16;

/// What a note begins with. rpm does not look into the reserve; rpmsign writes zeros over
/// it, and the growth is then no longer known.
pub const NOTE_WORD: [u8; 12] = *b"pkgseal grew";

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
    /// Bytes of the header before it ever grew.
    length: usize,
}

/// A signature header put together again, without the padding that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Its bytes.
    pub header: Vec<u8>,
    /// How many bytes the header is longer than at build time: 0 while its entries fit the
    /// space of that time, else a multiple of [`GROWTH`].
    pub grown: usize,
}

/// How long a header was before it grew, as the note at the end of its reserve says; `None`
/// where there is no note. What precedes the note is zero.
fn noted_length(reserve: &[u8], length: usize) -> Option<usize> {
    let (zeros, note) = reserve.split_last_chunk::<NOTE>()?;
    let (word, noted) = note.split_last_chunk::<4>()?;
    let noted = usize::try_from(u32::from_be_bytes(*noted)).ok()?;
    let is_note = *word == NOTE_WORD
        && zeros.iter().all(|&byte| byte == 0)
        && noted < length
        && (end(length) - end(noted)).is_multiple_of(GROWTH);
    is_note.then_some(noted)
}

/// Zero bytes that follow a signature header of this length.
pub fn padding(length: usize) -> usize {
    (8 - length % 8) % 8
}

/// Where what follows a header of this length begins.
fn end(length: usize) -> usize {
    length + padding(length)
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
        let noted = index
            .find(reserve.0)
            .and_then(|entry| noted_length(header.get(entry.range.clone())?, header.len()));
        Self {
            items,
            reserve,
            length: noted.unwrap_or(header.len()),
        }
    }

    /// Whether the reserve of a header is what belongs there: zeros, or zeros and the note
    /// of a header that would look the same if it were laid out anew. So nobody can keep
    /// anything of their own in it.
    pub(crate) fn reserve_is_canonical(
        header: &[u8],
        index: &Index,
        reserve: SignatureTag,
    ) -> bool {
        let Some(entry) = index.find(reserve.0) else {
            return true;
        };
        let data = header.get(entry.range.clone()).unwrap_or_default();
        data.iter().all(|&byte| byte == 0)
            || noted_length(data, header.len()).is_some()
                && Self::from_index(header, index, reserve)
                    .finish()
                    .is_ok_and(|edited| edited.header == header)
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

    /// Lays the entries out in order of tag, with a reserve that makes the header as long
    /// as it was at build time, or longer by the least multiple of [`GROWTH`] where they
    /// do not fit. Entries that fill the space to the last byte leave no reserve.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn finish(&self) -> Result<Edited> {
        if self.items.len() + 2 > MAX_ENTRIES {
            return Err(Error::TooLarge {
                reason: "it would have more than 32 entries",
            });
        }
        let least = self.length_with(Some(NOTE));
        if least > MAX_DATA {
            return Err(Error::TooLarge {
                reason: "it would have more than 64 MiB of data",
            });
        }
        let fitting = if self.length_with(None) == self.length {
            Some(None)
        } else {
            let mut candidates = self.reserves(self.length, 1);
            let fits = candidates.find(|&r| self.length_with(Some(r)) == self.length);
            fits.map(Some)
        };
        if let Some(reserve) = fitting {
            return Ok(Edited {
                header: self.lay_out(reserve, &[]),
                grown: 0,
            });
        }
        let note = [&NOTE_WORD[..], &number(self.length).to_be_bytes()].concat();
        // What stays a multiple of blocks is where the main header begins.
        let missing = end(least).saturating_sub(end(self.length)).max(1);
        let mut grown = missing.div_ceil(GROWTH) * GROWTH;
        loop {
            let target = self.length + grown;
            let length = |&r: &usize| self.length_with(Some(r));
            let mut candidates = self.reserves(target, NOTE);
            let fits = candidates
                .clone()
                .find(|r| length(r) == target)
                .or_else(|| candidates.find(|r| end(length(r)) == end(target)));
            if let Some(reserve) = fits {
                return Ok(Edited {
                    header: self.lay_out(Some(reserve), &note),
                    grown,
                });
            }
            grown += GROWTH;
        }
    }

    /// Sizes of the reserve, of `least` bytes or more and largest first, some of which may
    /// make the header `target` bytes long. Exact while nothing lies behind the reserve
    /// (r = T − 64 − 16n − D); data behind it move by their alignment, at most 8 bytes.
    fn reserves(
        &self,
        target: usize,
        least: usize,
    ) -> std::iter::Rev<std::ops::RangeInclusive<usize>> {
        let most = (end(target) + 1).saturating_sub(self.length_with(Some(1)));
        (most.saturating_sub(16).max(least)..=most).rev()
    }

    /// The data offsets of all entries with a reserve of `reserve` bytes, or none, and the
    /// end.
    fn offsets(&self, reserve: Option<usize>) -> (Vec<(SignatureTag, Kind, usize, usize)>, usize) {
        let mut end = 0usize;
        let mut rows = Vec::with_capacity(self.items.len() + 1);
        let split = self.items.partition_point(|i| i.tag < self.reserve);
        let (below, above) = self.items.split_at_checked(split).unwrap_or_default();
        for item in below {
            end = end.next_multiple_of(item.kind.alignment());
            rows.push((item.tag, item.kind, item.count, end));
            end += item.data.len();
        }
        if let Some(reserve) = reserve {
            rows.push((self.reserve, Kind::Bin, reserve, end));
            end += reserve;
        }
        for item in above {
            end = end.next_multiple_of(item.kind.alignment());
            rows.push((item.tag, item.kind, item.count, end));
            end += item.data.len();
        }
        (rows, end)
    }

    fn length_with(&self, reserve: Option<usize>) -> usize {
        let (rows, end) = self.offsets(reserve);
        INTRO + ENTRY * (rows.len() + 1) + end + ENTRY
    }

    /// `note` stands at the end of the reserve.
    fn lay_out(&self, reserve: Option<usize>, note: &[u8]) -> Vec<u8> {
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
        for (tag, _, count, offset) in &rows {
            header.resize(data_at + offset, 0);
            // Rows are the items in order with the reserve among them.
            if *tag == self.reserve {
                header.resize(data_at + offset + count.saturating_sub(note.len()), 0);
                header.extend_from_slice(note);
            } else if let Some(item) = items.next() {
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

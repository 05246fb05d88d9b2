//! The header structure shared by both headers of a package: an index of entries and
//! their data.
//!
//! Every limit is checked before anything is allocated, every sum is checked for
//! overflow, and what remains is an index of plain ranges into the bytes.

use std::ffi::CStr;
use std::ops::Range;

use crate::tag::Kind;

/// The first eight bytes of a header.
pub const MAGIC: [u8; 8] = [0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0];

/// Bytes before the index: magic, number of entries, bytes of data.
pub const INTRO: usize = 16;

/// Bytes of one index entry, and of the trailer of a region.
pub const ENTRY: usize = 16;

/// Which of the two headers; they differ in limits and strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The signature header, covered by nothing.
    Signature,
    /// The main header, covered by the signatures.
    Main,
}

impl Role {
    fn max_entries(self) -> u32 {
        match self {
            Self::Signature => 32,
            Self::Main => 65_535,
        }
    }

    fn max_data(self) -> u32 {
        match self {
            Self::Signature => 64 << 20,
            Self::Main => 0x0fff_ffff,
        }
    }

    pub(crate) fn region(self) -> u32 {
        match self {
            Self::Signature => 62,
            Self::Main => 63,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature header",
            Self::Main => "main header",
        }
    }
}

/// Why bytes are no header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// One sentence: which header, which entry, what is wrong.
    pub detail: String,
    /// Whether it is the region that is wrong.
    pub region: bool,
}

/// Numbers of entries and data bytes, within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intro {
    /// Index entries.
    pub entries: usize,
    /// Data bytes.
    pub data: usize,
}

impl Intro {
    /// Reads the first 16 bytes of a header.
    ///
    /// # Errors
    /// A fault: another magic number, no entry, or more than the limits allow.
    pub fn parse(bytes: &[u8; INTRO], role: Role) -> Result<Self, Fault> {
        let fault = |detail: String| Fault {
            detail: format!("{}: {detail}", role.name()),
            region: false,
        };
        let [magic @ .., i0, i1, i2, i3, d0, d1, d2, d3] = bytes;
        if *magic != MAGIC {
            return Err(fault("no header begins here".to_owned()));
        }
        let entries = u32::from_be_bytes([*i0, *i1, *i2, *i3]);
        let data = u32::from_be_bytes([*d0, *d1, *d2, *d3]);
        if entries == 0 || entries > role.max_entries() {
            return Err(fault(format!(
                "{entries} entries, where 1 to {} are allowed",
                role.max_entries()
            )));
        }
        if data > role.max_data() {
            return Err(fault(format!(
                "{data} bytes of data, where at most {} are allowed",
                role.max_data()
            )));
        }
        // Both are below 2^28 now: no overflow even where usize has 32 bits.
        Ok(Self {
            entries: entries as usize,
            data: data as usize,
        })
    }

    /// Bytes of the whole header, this intro included.
    pub fn length(self) -> usize {
        INTRO + ENTRY * self.entries + self.data
    }
}

/// One index entry and where its data stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its tag.
    pub tag: u32,
    /// Its type.
    pub kind: Kind,
    /// Number of elements.
    pub count: usize,
    /// Its data, as a range of the header's bytes.
    pub range: Range<usize>,
    /// Whether it stands outside the region (signature headers only).
    pub dribble: bool,
}

/// A header's index. The bytes stay where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The entries but for the region's own, in file order.
    pub entries: Vec<Entry>,
    /// The tag in the region's trailer: 62 or 63, or the obsolete 61.
    pub trailer_tag: u32,
    /// Data bytes that belong to no entry: `(offset in the header, count, all zero)`,
    /// alignment within bounds left out.
    pub gaps: Vec<Gap>,
}

/// Data bytes that belong to no entry and are more than zeros for alignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where, in the header's bytes.
    pub range: Range<usize>,
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}

struct Raw {
    tag: u32,
    kind: u32,
    offset: u32,
    count: u32,
}

fn raw(bytes: &[u8], at: usize) -> Option<Raw> {
    Some(Raw {
        tag: word(bytes, at)?,
        kind: word(bytes, at + 4)?,
        offset: word(bytes, at + 8)?,
        count: word(bytes, at + 12)?,
    })
}

/// Length of `count` NUL-terminated strings at the start of `data`.
fn strings_length(data: &[u8], count: usize) -> Option<usize> {
    let mut length = 0usize;
    for _ in 0..count {
        let string = CStr::from_bytes_until_nul(data.get(length..)?).ok()?;
        length = length.checked_add(string.count_bytes() + 1)?;
    }
    Some(length)
}

impl Index {
    /// Reads the index of a whole header.
    ///
    /// # Errors
    /// A fault naming the entry and what is wrong with it.
    pub fn parse(bytes: &[u8], role: Role) -> Result<Self, Fault> {
        Parser { bytes, role }.parse()
    }

    /// The first entry with this tag.
    pub fn find(&self, tag: u32) -> Option<&Entry> {
        self.entries.iter().find(|e| e.tag == tag)
    }

    /// The data of the first entry with this tag and type.
    pub fn bytes<'a>(&self, header: &'a [u8], tag: u32, kind: Kind) -> Option<&'a [u8]> {
        let entry = self.find(tag).filter(|e| e.kind == kind)?;
        header.get(entry.range.clone())
    }

    /// The single or first string of this tag.
    pub fn string<'a>(&self, header: &'a [u8], tag: u32) -> Option<&'a [u8]> {
        let entry = self.find(tag)?;
        match entry.kind {
            Kind::String | Kind::StringArray | Kind::I18nString => {
                let data = header.get(entry.range.clone())?;
                Some(CStr::from_bytes_until_nul(data).ok()?.to_bytes())
            }
            Kind::Char | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 | Kind::Bin => None,
        }
    }

    /// All strings of this tag.
    pub fn strings<'a>(
        &self,
        header: &'a [u8],
        tag: u32,
    ) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
        let data = self.bytes(header, tag, Kind::StringArray)?;
        let data = data.strip_suffix(&[0]).unwrap_or(data);
        Some(data.split(|&b| b == 0))
    }

    /// The first integer of this tag.
    pub fn integer(&self, header: &[u8], tag: u32) -> Option<u64> {
        let entry = self.find(tag)?;
        let data = header.get(entry.range.clone())?;
        match entry.kind {
            Kind::Int32 => Some(u32::from_be_bytes(*data.first_chunk()?).into()),
            Kind::Int64 => Some(u64::from_be_bytes(*data.first_chunk()?)),
            Kind::Int16 => Some(u16::from_be_bytes(*data.first_chunk()?).into()),
            Kind::Char
            | Kind::Int8
            | Kind::String
            | Kind::Bin
            | Kind::StringArray
            | Kind::I18nString => None,
        }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    role: Role,
}

impl Parser<'_> {
    fn fault(&self, detail: impl std::fmt::Display) -> Fault {
        Fault {
            detail: format!("{}: {detail}", self.role.name()),
            region: false,
        }
    }

    fn region_fault(&self, detail: impl std::fmt::Display) -> Fault {
        Fault {
            region: true,
            ..self.fault(detail)
        }
    }

    fn parse(&self) -> Result<Index, Fault> {
        let bytes = self.bytes;
        let intro = bytes
            .first_chunk::<INTRO>()
            .ok_or_else(|| self.fault("shorter than its first 16 bytes"))?;
        let intro = Intro::parse(intro, self.role)?;
        if bytes.len() != intro.length() {
            return Err(self.fault(format!(
                "{} bytes, where its index says {}",
                bytes.len(),
                intro.length()
            )));
        }
        let data_at = INTRO + ENTRY * intro.entries;
        let region = self.region(intro, data_at)?;

        let mut entries = Vec::with_capacity(intro.entries - 1);
        let mut gaps = Vec::new();
        // Data of the region end where its trailer begins; dribbles follow the trailer.
        let mut end = data_at;
        for number in 1..intro.entries {
            let dribble = number >= region.entries;
            if dribble && number == region.entries {
                self.gap(&mut gaps, end, region.trailer, 1);
                end = region.trailer + ENTRY;
            }
            let limit = if dribble { bytes.len() } else { region.trailer };
            let entry = self.entry(number, data_at, end, limit, dribble)?;
            self.gap(&mut gaps, end, entry.range.start, entry.kind.alignment());
            end = entry.range.end;
            entries.push(entry);
        }
        if region.entries == intro.entries {
            self.gap(&mut gaps, end, region.trailer, 1);
            end = region.trailer + ENTRY;
        }
        self.gap(&mut gaps, end, bytes.len(), 1);
        Ok(Index {
            entries,
            trailer_tag: region.tag,
            gaps,
        })
    }

    /// Notes bytes between `from` and `to` unless they are zeros that align.
    fn gap(&self, gaps: &mut Vec<Gap>, from: usize, to: usize, alignment: usize) {
        let Some(between) = self.bytes.get(from..to) else {
            return;
        };
        if between.len() >= alignment && !between.is_empty() || between.iter().any(|&b| b != 0) {
            gaps.push(Gap { range: from..to });
        }
    }

    fn region(&self, intro: Intro, data_at: usize) -> Result<Region, Fault> {
        let first = raw(self.bytes, INTRO).ok_or_else(|| self.fault("no first entry"))?;
        if first.tag != self.role.region() {
            return Err(self.region_fault(format!(
                "no region: the first entry is tag {}, as in packages older than 2001",
                first.tag
            )));
        }
        if first.kind != Kind::Bin.number() || first.count != 16 {
            return Err(self.region_fault("the region's entry is not 16 bytes of binary"));
        }
        let offset = first.offset as usize;
        let trailer = offset
            .checked_add(ENTRY)
            .filter(|&end| end <= intro.data)
            .and_then(|_| raw(self.bytes, data_at + offset))
            .ok_or_else(|| self.region_fault("the region's trailer is outside the data"))?;
        let obsolete = self.role == Role::Signature && trailer.tag == 61;
        if trailer.tag != self.role.region() && !obsolete {
            return Err(self.region_fault(format!("the region's trailer has tag {}", trailer.tag)));
        }
        if trailer.kind != Kind::Bin.number() || trailer.count != 16 {
            return Err(self.region_fault("the region's trailer is not 16 bytes of binary"));
        }
        // The trailer holds the negative length of the region's index.
        let length = trailer.offset.wrapping_neg() as usize;
        let entries = length / ENTRY;
        if !length.is_multiple_of(ENTRY) || entries == 0 || entries > intro.entries {
            return Err(self.region_fault(format!(
                "the region's trailer spans {length} bytes of an index of {} entries",
                intro.entries
            )));
        }
        let spans_all = entries == intro.entries && offset + ENTRY == intro.data;
        if self.role == Role::Main && !spans_all {
            return Err(self.region_fault("the region does not span the whole header"));
        }
        Ok(Region {
            tag: trailer.tag,
            entries,
            trailer: data_at + offset,
        })
    }

    fn entry(
        &self,
        number: usize,
        data_at: usize,
        end: usize,
        limit: usize,
        dribble: bool,
    ) -> Result<Entry, Fault> {
        let Raw {
            tag,
            kind,
            offset,
            count,
        } = raw(self.bytes, INTRO + ENTRY * number)
            .ok_or_else(|| self.fault(format!("entry {number} is missing")))?;
        let fault = |detail: String| self.fault(format!("entry {number} (tag {tag}): {detail}"));
        if tag < 100 {
            return Err(fault("a tag below 100 stands for no data".to_owned()));
        }
        let kind = Kind::from_number(kind).ok_or_else(|| fault(format!("unknown type {kind}")))?;
        let count = count as usize;
        if count == 0 || count > limit || (kind != Kind::Bin && count > 0xf_ffff) {
            return Err(fault(format!("impossible count {count}")));
        }
        let start = (offset as usize)
            .checked_add(data_at)
            .filter(|&start| start < limit)
            .ok_or_else(|| fault(format!("its data begin outside, at offset {offset}")))?;
        if start < end {
            return Err(fault(format!(
                "its data at offset {offset} overlap the entry before"
            )));
        }
        let data = self.bytes.get(start..limit).unwrap_or_default();
        let length = match kind.width() {
            Some(width) => {
                if !(offset as usize).is_multiple_of(width) {
                    return Err(fault(format!("offset {offset} is not aligned to {width}")));
                }
                count.checked_mul(width).filter(|&l| l <= data.len())
            }
            None if kind == Kind::String && count != 1 => {
                return Err(fault(format!("one string with count {count}")));
            }
            None => strings_length(data, count),
        }
        .ok_or_else(|| fault("its data do not end within the header".to_owned()))?;
        Ok(Entry {
            tag,
            kind,
            count,
            range: start..start + length,
            dribble,
        })
    }
}

struct Region {
    tag: u32,
    entries: usize,
    /// Where its trailer stands, in the header's bytes.
    trailer: usize,
}

#[cfg(test)]
mod tests;

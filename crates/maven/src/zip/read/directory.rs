//! The list of entries at the end of an archive.

use std::fs::File;

use super::fields::{Fields, Wrong, bytes_at, malformed, too_large};
use super::{DEFLATED, Entry, STORED};
use crate::zip::{CENTRAL, CENTRAL_LENGTH, DESCRIBED, END, END_LENGTH, UTF8};

/// Bytes of an archive; what the Portal takes at most.
const ARCHIVE: u64 = 1 << 30;
/// Entries; more need the 64-bit form, which is not read.
const ENTRIES: usize = 65_534;
/// Bytes of the list of entries.
const DIRECTORY: u64 = 64 << 20;

/// The type bits of a Unix mode, and a symbolic link's.
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const FOLDER: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;

/// The list of entries, in its own order.
pub(super) fn directory(file: &File, length: u64) -> Result<(Vec<Entry>, u64), Wrong> {
    if length > ARCHIVE {
        return Err(too_large(format!(
            "it has {length} bytes, and Maven Central takes {ARCHIVE} at most"
        )));
    }
    let end = length
        .checked_sub(END_LENGTH)
        .ok_or_else(|| malformed("", "it is no zip archive: it is too short"))?;
    let record = bytes_at(file, end, END_LENGTH)?;
    let mut fields = Fields(&record);
    if fields.u32()? != END {
        return Err(malformed(
            "",
            "it does not end as a zip archive does, or something follows the end",
        ));
    }
    let disks = (fields.u16()?, fields.u16()?);
    let (here, total) = (fields.u16()?, fields.u16()?);
    let (size, start) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
    if disks != (0, 0) || here != total {
        return Err(malformed("", "it is one part of several"));
    }
    if fields.u16()? != 0 {
        return Err(malformed("", "its end record promises a comment"));
    }
    if usize::from(total) > ENTRIES || start == u64::from(u32::MAX) {
        return Err(too_large(format!(
            "it has more than {ENTRIES} entries or needs 64-bit sizes"
        )));
    }
    if size > DIRECTORY {
        return Err(too_large(format!("its list of entries has {size} bytes")));
    }
    if start.checked_add(size) != Some(end) {
        return Err(malformed(
            "",
            "its list of entries does not end where the end record begins",
        ));
    }
    let bytes = bytes_at(file, start, size)?;
    let mut fields = Fields(&bytes);
    let mut entries = Vec::with_capacity(usize::from(total));
    for _ in 0..total {
        entries.push(central(&mut fields)?);
    }
    if !fields.0.is_empty() {
        return Err(malformed("", "its list of entries is longer than it says"));
    }
    Ok((entries, start))
}

fn central(fields: &mut Fields<'_>) -> Result<Entry, Wrong> {
    let mut head = Fields(fields.take(CENTRAL_LENGTH)?);
    if head.u32()? != CENTRAL {
        return Err(malformed("", "its list of entries holds something else"));
    }
    let made_by = head.u16()?;
    head.u16()?;
    let (flags, method) = (head.u16()?, head.u16()?);
    head.u32()?;
    let (crc, packed, size) = (head.u32()?, head.u32()?, head.u32()?);
    let (name, extra, comment) = (head.u16()?, head.u16()?, head.u16()?);
    let disk = head.u16()?;
    head.u16()?;
    let (attributes, header) = (head.u32()?, head.u32()?);
    let name = fields.take(usize::from(name))?.to_vec();
    let extra = fields.take(usize::from(extra))?;
    fields.take(usize::from(comment))?;

    let shown = String::from_utf8_lossy(&name).into_owned();
    let wrong = |detail: &str| Err(malformed(&shown, detail));
    if flags & !(UTF8 | DESCRIBED | 0b110) != 0 {
        return wrong("it is encrypted, or packed in a way that is not taken");
    }
    if method != STORED && method != DEFLATED {
        return wrong("it is neither stored nor deflated");
    }
    if method == STORED && packed != size {
        return wrong("it is stored, but its two sizes differ");
    }
    if [packed, size, header].contains(&u32::MAX) || disk != 0 {
        return wrong("it needs 64-bit sizes or another disk");
    }
    if comment != 0 {
        return wrong("it carries a comment");
    }
    extra_fields(extra, &shown)?;
    // Unix and macOS put a file mode into the upper half.
    let mode = match made_by >> 8 {
        3 | 19 => attributes >> 16,
        _ => 0,
    };
    match mode & TYPE {
        0 | REGULAR | FOLDER => {}
        LINK => return wrong("it is a symbolic link"),
        _ => return wrong("it is no regular file"),
    }
    Ok(Entry {
        name,
        flags,
        method,
        crc,
        packed: u64::from(packed),
        size: u64::from(size),
        header: u64::from(header),
        content: 0,
    })
}

/// Some extra fields give an entry another name or size than its header does.
pub(super) fn extra_fields(extra: &[u8], name: &str) -> Result<(), Wrong> {
    let mut fields = Fields(extra);
    while !fields.0.is_empty() {
        let (tag, length) = (fields.u16()?, fields.u16()?);
        fields.take(usize::from(length))?;
        if matches!(tag, 0x0001 | 0x7075) {
            return Err(malformed(
                name,
                "an extra field gives it another name or size",
            ));
        }
    }
    Ok(())
}

//! The entries themselves, compared with their list.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use pkgseal_repo::{Finding, SafePath, codes as repo_codes};

use super::Entry;
use super::directory::extra_fields;
use super::fields::{Fields, Wrong, bytes_at, malformed, too_large};
use crate::codes;
use crate::zip::{DESCRIBED, DESCRIPTOR, LOCAL, LOCAL_LENGTH};

/// Bytes of everything in an archive, unpacked.
const CONTENT: u64 = 4 << 30;

/// Compares the list with the local headers, which must fill the archive without a gap.
pub(super) fn local(
    file: &File,
    (mut entries, end): (Vec<Entry>, u64),
) -> Result<BTreeMap<SafePath, Entry>, Wrong> {
    let total = entries.iter().map(|entry| entry.size).sum::<u64>();
    if total > CONTENT {
        return Err(too_large(format!(
            "its files have {total} bytes unpacked, more than {CONTENT}"
        )));
    }
    entries.sort_by_key(|entry| entry.header);
    let mut at = 0;
    let mut found = BTreeMap::new();
    let mut folders = BTreeSet::new();
    for mut entry in entries {
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        if entry.header != at {
            return Err(malformed(
                &name,
                "it does not begin where the one before ends",
            ));
        }
        at = behind(file, &mut entry, &name)?;
        let wrong = |detail: &str| malformed(&name, detail);
        let text = str::from_utf8(&entry.name).map_err(|_| wrong("its name is not UTF-8"))?;
        if text.contains('\\') {
            return Err(wrong(
                "its name has a backslash, which some take for a folder",
            ));
        }
        let (text, folder) = match text.strip_suffix('/') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let unsafe_name = |reason: String| {
            Wrong::Found(Box::new(Finding::reject(
                repo_codes::PATH_UNSAFE,
                &name,
                reason,
            )))
        };
        let path = SafePath::new(text).map_err(|error| unsafe_name(error.to_string()))?;
        if path.as_str() != text {
            return Err(unsafe_name(format!("it is another way to write {path}")));
        }
        if folder {
            if entry.size != 0 {
                return Err(wrong("it is a folder with content"));
            }
            if !folders.insert(path) {
                return Err(duplicate(&name));
            }
        } else if found.insert(path, entry).is_some() {
            return Err(duplicate(&name));
        }
    }
    if at != end {
        return Err(malformed("", "something stands before its list of entries"));
    }
    // A file must not be a folder too.
    let above = found
        .keys()
        .flat_map(|path| std::iter::successors(path.parent(), SafePath::parent));
    match above
        .chain(folders.iter().cloned())
        .find(|folder| found.contains_key(folder))
    {
        Some(both) => Err(duplicate(both.as_str())),
        None => Ok(found),
    }
}

fn duplicate(name: &str) -> Wrong {
    Wrong::Found(Box::new(Finding::reject(
        codes::BUNDLE_DUPLICATE,
        name,
        "the archive holds this name twice, and readers differ in which they take",
    )))
}

/// Reads a local header: where its entry ends.
fn behind(file: &File, entry: &mut Entry, name: &str) -> Result<u64, Wrong> {
    let wrong = |detail: &str| Err(malformed(name, detail));
    let bytes = bytes_at(file, entry.header, LOCAL_LENGTH)?;
    let mut fields = Fields(&bytes);
    if fields.u32()? != LOCAL {
        return wrong("there is no entry where the list says");
    }
    fields.u16()?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.u32()?;
    let sums = (
        fields.u32()?,
        u64::from(fields.u32()?),
        u64::from(fields.u32()?),
    );
    let (name_length, extra) = (fields.u16()?, fields.u16()?);
    if usize::from(name_length) != entry.name.len() {
        return wrong("its name differs between the list and the entry");
    }
    let names = bytes_at(
        file,
        entry.header + LOCAL_LENGTH,
        u64::from(name_length) + u64::from(extra),
    )?;
    let mut names = Fields(&names);
    if names.take(usize::from(name_length))? != entry.name {
        return wrong("its name differs between the list and the entry");
    }
    extra_fields(names.0, name)?;
    let described = flags & DESCRIBED != 0;
    let listed = (entry.crc, entry.packed, entry.size);
    if (flags, method) != (entry.flags, entry.method)
        || sums != listed && !(described && sums == (0, 0, 0))
    {
        return wrong("the list and the entry disagree");
    }
    entry.content = entry.header + LOCAL_LENGTH + u64::from(name_length) + u64::from(extra);
    let end = entry.content + entry.packed;
    if !described {
        return Ok(end);
    }
    let bytes = bytes_at(file, end, 16)?;
    let mut fields = Fields(&bytes);
    let signed = fields.u32()? == DESCRIPTOR;
    let mut fields = Fields(if signed { fields.0 } else { &bytes });
    let after = (
        fields.u32()?,
        u64::from(fields.u32()?),
        u64::from(fields.u32()?),
    );
    if after != listed {
        return wrong("the list and the record after the entry disagree");
    }
    Ok(end + if signed { 16 } else { 12 })
}

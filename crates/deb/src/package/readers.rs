//! Which members other readers take from an archive, canonical or not.
//!
//! Models, for `inspect` only: they say what would be installed from a package that is
//! rejected, and what a signature over it covers. Tests hold them against the programs.

use std::fs::File;
use std::io;

use crate::layout::{HEADER, MAGIC, read_some_at};

/// Members looked at.
const MOST: usize = 1000;

/// A member as a lenient reader finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// As apt reads it: BSD's long names stand in front of the content.
    pub(super) apt_name: String,
    /// Where the content begins, and its length.
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// Control and data member, by place; or why there are none.
pub(super) type Choice = Result<(usize, usize), String>;

/// Every member that can be found, and what stopped the search, if something did.
pub(super) fn entries(file: &File) -> io::Result<(Vec<Entry>, Option<String>)> {
    let length = file.metadata()?.len();
    let mut magic = [0; MAGIC.len()];
    let read = read_some_at(file, &mut magic, 0)?;
    if magic.get(..read) != Some(MAGIC) {
        return Ok((Vec::new(), Some("it is no ar archive".to_owned())));
    }
    let mut entries = Vec::new();
    let mut offset = MAGIC.len() as u64;
    while offset < length {
        if entries.len() == MOST {
            return Ok((entries, Some(format!("more than {MOST} members"))));
        }
        let mut header = [0; HEADER];
        let read = read_some_at(file, &mut header, offset)?;
        let field = |from: usize, to: usize| {
            let bytes = header.get(from..to).unwrap_or_default();
            String::from_utf8_lossy(bytes).trim_end().to_owned()
        };
        let size: Option<u64> = field(48, 58).trim().parse().ok();
        let Some(size) = size.filter(|_| read == HEADER && header.ends_with(b"`\n")) else {
            return Ok((entries, Some(format!("no member at byte {offset}"))));
        };
        let raw = field(0, 16);
        let name = raw.strip_suffix('/').unwrap_or(&raw).to_owned();
        offset += HEADER as u64;
        if offset.saturating_add(size) > length {
            return Ok((entries, Some(format!("{name} is cut off"))));
        }
        let apt_name = match raw.strip_prefix("#1/").and_then(|rest| rest.parse().ok()) {
            Some(long) => bsd_name(file, offset, size.min(long))?,
            None => name.clone(),
        };
        entries.push(Entry {
            name,
            apt_name,
            offset,
            size,
        });
        offset = offset.saturating_add(size).saturating_add(size % 2);
    }
    Ok((entries, None))
}

fn bsd_name(file: &File, offset: u64, length: u64) -> io::Result<String> {
    let mut name = vec![0; usize::try_from(length).unwrap_or(0).min(256)];
    let read = read_some_at(file, &mut name, offset)?;
    name.truncate(read);
    let name = String::from_utf8_lossy(&name).into_owned();
    Ok(name.trim_end_matches('\0').to_owned())
}

const CONTROL: [&str; 4] = ["", ".gz", ".xz", ".zst"];
const DATA: [&str; 6] = ["", ".gz", ".xz", ".zst", ".bz2", ".lzma"];

/// dpkg: debian-binary first, `_` members passed over, then a control member, then a data
/// member, and nothing behind it is looked at.
pub(super) fn dpkg(entries: &[Entry]) -> Choice {
    let known = |name: &str, stem: &str, suffixes: &[&str]| {
        let suffix = name.strip_prefix(stem);
        suffix.is_some_and(|suffix| suffixes.contains(&suffix))
    };
    let mut control = None;
    for (place, entry) in entries.iter().enumerate() {
        let name = entry.name.as_str();
        match (place, control) {
            (0, _) if name == "debian-binary" => {}
            (0, _) => return Err("debian-binary is not the first member".to_owned()),
            _ if name.starts_with('_') => {}
            (_, None) if known(name, "control.tar", &CONTROL) => control = Some(place),
            (_, Some(control)) if known(name, "data.tar", &DATA) => {
                if entry.size == 0 {
                    return Err(format!("{name} is empty"));
                }
                return Ok((control, place));
            }
            _ => return Err(format!("{name} stands where another member belongs")),
        }
    }
    Err("members are missing".to_owned())
}

/// apt: by name; of two the last one counts.
pub(super) fn apt(entries: &[Entry]) -> Choice {
    let last = |stem: &str, suffixes: &[&str]| {
        suffixes.iter().find_map(|suffix| {
            let wanted = format!("{stem}{suffix}");
            entries.iter().rposition(|entry| entry.apt_name == wanted)
        })
    };
    if last("debian-binary", &[""]).is_none() {
        return Err("debian-binary is missing".to_owned());
    }
    // In the order of its own list of compressions.
    let order = [".xz", ".gz", ".zst", ".bz2", ".lzma", ""];
    let control = last("control.tar", &order).ok_or("control.tar is missing")?;
    let data = last("data.tar", &order).ok_or("data.tar is missing")?;
    Ok((control, data))
}

/// debsig-verify: by name; of two the first one counts, and an empty one does not.
pub(super) fn debsig_verify(entries: &[Entry]) -> Choice {
    let first = |stem: &str, suffixes: &[&str]| {
        suffixes.iter().find_map(|suffix| {
            let wanted = format!("{stem}{suffix}");
            let place = entries.iter().position(|entry| entry.name == wanted)?;
            entries.get(place).filter(|entry| entry.size > 0)?;
            Some(place)
        })
    };
    first("debian-binary", &[""]).ok_or("debian-binary is missing")?;
    let control = first("control.tar", &CONTROL).ok_or("control.tar is missing")?;
    let data = first("data.tar", &DATA).ok_or("data.tar is missing")?;
    Ok((control, data))
}

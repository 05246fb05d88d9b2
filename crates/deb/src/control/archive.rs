//! The control file out of control.tar.

use std::collections::BTreeSet;
use std::io::{self, Read};

use pkgseal_repo::{Decompressor, Finding, Limits, codes as repo_codes};
use tar::{Archive, Entry, EntryType};

use super::Control;
use crate::codes;
use crate::layout::{Kind, Member};

/// Reads the control file. dpkg takes plain files at the top of control.tar and nothing
/// else; links are left to it, as no name here can lead through them.
///
/// # Errors
/// The finding that rejects the package.
pub(super) fn control(
    content: &[u8],
    member: &Member,
    subject: &str,
    limits: &Limits,
) -> Result<Control, Box<Finding>> {
    let Kind::Control(compression) = member.kind else {
        return Err(Box::new(reject(subject, member, "it is no control member")));
    };
    let rejected = |error: io::Error| {
        let finding = if error.kind() == io::ErrorKind::FileTooLarge {
            let subject = format!("{subject} ({})", member.name);
            Finding::reject(repo_codes::LIMIT, subject, error.to_string())
        } else {
            reject(subject, member, error.to_string())
        };
        Box::new(finding)
    };
    if member.size > limits.control {
        let detail = format!(
            "{} has {} bytes; the limit is {}",
            member.name, member.size, limits.control
        );
        let subject = format!("{subject} ({})", member.name);
        return Err(Box::new(Finding::reject(
            repo_codes::LIMIT,
            subject,
            detail,
        )));
    }
    let reader = Decompressor::new(content, compression, limits.control).map_err(rejected)?;
    let text = find(reader).map_err(rejected)?;
    Control::parse(&text, subject, limits)
}

/// A finding for a control.tar that cannot be read.
pub(super) fn unreadable(subject: &str, error: &io::Error) -> Finding {
    Finding::reject(codes::DEB_CONTROL_ARCHIVE, subject, error.to_string())
}

fn reject(subject: &str, member: &Member, detail: impl Into<String>) -> Finding {
    let subject = format!("{subject} ({})", member.name);
    Finding::reject(codes::DEB_CONTROL_ARCHIVE, subject, detail)
}

/// The content of `control`, when it is the one thing of that name.
fn find(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new(reader);
    let mut seen = BTreeSet::new();
    let mut control = None;
    for entry in archive.entries()? {
        let mut entry = entry?;
        if renamed(&mut entry)? {
            return Err(wrong("an extended header changes the name of a member"));
        }
        let Some(name) = name(&entry)? else {
            continue;
        };
        if !seen.insert(name.clone()) {
            return Err(wrong(format!("a second {}", shown(&name))));
        }
        if name == b"control" {
            if entry.header().entry_type() != EntryType::Regular {
                return Err(wrong("control is not a plain file"));
            }
            let mut text = Vec::new();
            entry.read_to_end(&mut text)?;
            if text.len() as u64 != entry.size() {
                return Err(wrong("it ends within the control file"));
            }
            control = Some(text);
        }
    }
    only_zeros(archive.into_inner())?;
    control.ok_or_else(|| wrong("it holds no control file"))
}

/// Whether a pax header names the member. No name here is so long that it needs one, and
/// readers differ on which header counts.
fn renamed(entry: &mut Entry<'_, impl Read>) -> io::Result<bool> {
    let Some(extensions) = entry.pax_extensions()? else {
        return Ok(false);
    };
    for extension in extensions {
        let key = extension?.key_bytes().to_vec();
        if key == b"path" || key.starts_with(b"GNU.sparse") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The name of a member at the top; `None` for the top itself.
fn name(entry: &Entry<'_, impl Read>) -> io::Result<Option<Vec<u8>>> {
    let (path, raw) = (entry.path_bytes(), entry.header().path_bytes());
    let strip = |path: &[u8]| path.strip_prefix(b"./").unwrap_or(path).to_vec();
    let (name, raw) = (strip(&path), strip(&raw));
    // What an extended header says is not read by everyone.
    if (name == b"control" || raw == b"control") && name != raw {
        return Err(wrong("an extended header changes the name of a member"));
    }
    if entry.header().entry_size()? != entry.size() {
        return Err(wrong("an extended header changes the size of a member"));
    }
    let kind = entry.header().entry_type();
    match kind {
        EntryType::Directory if matches!(name.as_slice(), b"" | b".") => return Ok(None),
        EntryType::Regular | EntryType::Symlink | EntryType::Link => {}
        _ => {
            let shown = shown(&name);
            return Err(wrong(format!("{shown} is neither a plain file nor a link")));
        }
    }
    let plain = !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/');
    if !plain || name.contains(&0) {
        return Err(wrong(format!("{} is no plain file name", shown(&name))));
    }
    Ok(Some(name))
}

/// What stands behind the end of the archive: zeros that fill a record.
fn only_zeros(mut rest: impl Read) -> io::Result<()> {
    let mut buffer = [0; 8192];
    loop {
        let count = rest.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        if buffer.iter().take(count).any(|byte| *byte != 0) {
            return Err(wrong("there is something behind its end"));
        }
    }
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

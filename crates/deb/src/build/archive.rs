//! The archives of a package, the same bytes for the same files.

use std::collections::BTreeSet;
use std::io::{self, Write as _};

/// A tar archive in GNU format, as dpkg-deb writes it: `./`, then every file with the
/// directories above it, owned by root.
pub(super) fn tar<C: AsRef<[u8]>>(files: &[(&str, C)], seconds: u64) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut made = BTreeSet::new();
    append(&mut builder, "./", tar::EntryType::Directory, &[], seconds)?;
    for (path, content) in files {
        for (at, _) in path.match_indices('/') {
            let directory = format!("./{}/", path.get(..at).unwrap_or_default());
            if made.insert(directory.clone()) {
                append(
                    &mut builder,
                    &directory,
                    tar::EntryType::Directory,
                    &[],
                    seconds,
                )?;
            }
        }
        let name = format!("./{path}");
        append(
            &mut builder,
            &name,
            tar::EntryType::Regular,
            content.as_ref(),
            seconds,
        )?;
    }
    builder.into_inner()
}

fn append(
    builder: &mut tar::Builder<Vec<u8>>,
    name: &str,
    kind: tar::EntryType,
    content: &[u8],
    seconds: u64,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(match kind {
        tar::EntryType::Directory => 0o755,
        _ => 0o644,
    });
    header.set_uid(0);
    header.set_gid(0);
    header.set_username("root")?;
    header.set_groupname("root")?;
    header.set_mtime(seconds);
    header.set_size(content.len() as u64);
    // `append_data` would take the `./` away, which dpkg-deb writes.
    let field = &mut header.as_gnu_mut().ok_or(io::ErrorKind::InvalidInput)?.name;
    let place = field
        .get_mut(..name.len())
        .ok_or_else(|| io::Error::other("a path is longer than 100 bytes"))?;
    place.copy_from_slice(name.as_bytes());
    header.set_cksum();
    builder.append(&header, content)
}

/// An ar archive of these members (deb(5)).
pub(super) fn ar(members: &[(String, Vec<u8>)], seconds: u64) -> io::Result<Vec<u8>> {
    let mut builder = ar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = ar::Header::new(name.as_bytes().to_vec(), content.len() as u64);
        header.set_mode(0o100_644);
        header.set_mtime(seconds);
        builder.append(&header, content.as_slice())?;
    }
    builder.into_inner()
}

/// gzip as `gzip -9n` writes it, which Debian asks for in documentation.
pub(super) fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::best());
    encoder.write_all(text)?;
    encoder.finish()
}

//! What a path is: by content and name, reported with every result.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result};
use pkgseal_repo::Root;

use crate::args::KindName;
use crate::failure::hinted;

/// Enough for every magic number and the first line of a clearsigned message.
const HEAD: u64 = 256;

/// Recognises one path. Content decides before the name; a name that promises a package
/// is believed even when the content does not look like one, so that a damaged package is
/// rejected as what it claims to be.
pub(crate) fn recognise(path: &Path) -> Result<KindName> {
    let metadata =
        std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if metadata.is_dir() {
        recognise_tree(path)
    } else {
        recognise_file(path)
    }
}

fn recognise_tree(path: &Path) -> Result<KindName> {
    let root = Root::open(path)?;
    let mut kinds = Vec::new();
    if pkgseal_deb::apt::recognise(&root)? {
        kinds.push(KindName::Apt);
    }
    if pkgseal_rpm::yum::recognise(&root)? {
        kinds.push(KindName::Yum);
    }
    if kinds.is_empty() && pkgseal_maven::tree::recognise(&root)? {
        kinds.push(KindName::Maven);
    }
    if kinds.is_empty() && pkgseal_maven::plain::recognise(&root)? {
        kinds.push(KindName::Files);
    }
    match kinds.as_slice() {
        [kind] => Ok(*kind),
        [] => Err(hinted(
            format!(
                "{} is no repository: no dists/ or InRelease (apt), no repodata/repomd.xml (yum), \
                 no group/artifact/version/*.pom (Maven); and no file in it has a signature beside \
                 it or stands in a list such as SHA256SUMS",
                path.display()
            ),
            "name the directory that holds them, or say what it is with --as: any folder can be \
             signed with --as files or --as sums",
        )),
        _ => Err(hinted(
            format!("{} is an apt and a yum repository at once", path.display()),
            "say which to take with --as apt or --as yum",
        )),
    }
}

fn recognise_file(path: &Path) -> Result<KindName> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(kind) = by_content(&head, &name) {
        return Ok(kind);
    }
    if head.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----") {
        return Err(hinted(
            format!(
                "{} is a clearsigned document, but called neither InRelease, .changes, .dsc nor \
                 .buildinfo",
                path.display()
            ),
            "a document that was renamed can be verified once it is called by its name again; a \
             file with a detached signature beside it with --as file",
        ));
    }
    Ok(KindName::File)
}

/// The rules, on the first bytes and the file name.
fn by_content(head: &[u8], name: &str) -> Option<KindName> {
    if pkgseal_rpm::package::recognise(head) {
        return Some(KindName::Rpm);
    }
    if head.starts_with(b"!<arch>\ndebian-binary") {
        return Some(KindName::Deb);
    }
    // apt's own lists put the address in front: `deb.example.org_dists_sid_InRelease`.
    match name.rsplit('_').next().unwrap_or(name) {
        "Release" | "InRelease" | "Release.gpg" => return Some(KindName::Release),
        _ => {}
    }
    if matches!(name, "repomd.xml" | "repomd.xml.asc") {
        return Some(KindName::Repomd);
    }
    if name.ends_with(".deb") || name.ends_with(".udeb") {
        return Some(KindName::Deb);
    }
    if name.ends_with(".rpm") {
        return Some(KindName::Rpm);
    }
    if pkgseal_maven::plain::is_list(name) {
        return Some(KindName::Sums);
    }
    pkgseal_deb::upload::Kind::of(name).map(|kind| match kind {
        pkgseal_deb::upload::Kind::Dsc => KindName::Dsc,
        pkgseal_deb::upload::Kind::Buildinfo => KindName::Buildinfo,
        pkgseal_deb::upload::Kind::Changes => KindName::Changes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_before_the_name() {
        let deb = b"!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n";
        assert_eq!(by_content(deb, "anything"), Some(KindName::Deb));
        assert_eq!(
            by_content(&[0xed, 0xab, 0xee, 0xdb, 3, 0], "x.deb"),
            Some(KindName::Rpm)
        );
    }

    #[test]
    fn names_decide_where_content_says_nothing() {
        assert_eq!(by_content(b"", "InRelease"), Some(KindName::Release));
        assert_eq!(
            by_content(b"", "deb.test_dists_sid_InRelease"),
            Some(KindName::Release)
        );
        assert_eq!(by_content(b"garbage", "hello.deb"), Some(KindName::Deb));
        assert_eq!(by_content(b"garbage", "hello.rpm"), Some(KindName::Rpm));
        assert_eq!(by_content(b"<?xml", "repomd.xml"), Some(KindName::Repomd));
        for (name, kind) in [
            ("hello_1.0-1.dsc", KindName::Dsc),
            ("hello_1.0-1_amd64.buildinfo", KindName::Buildinfo),
            ("hello_1.0-1_amd64.changes", KindName::Changes),
        ] {
            assert_eq!(by_content(b"-----BEGIN PGP SIGNED", name), Some(kind));
            assert_eq!(by_content(b"Format: 1.8", name), Some(kind));
        }
        for name in ["SHA256SUMS", "SHA256SUMS.asc", "tool-1.0-checksums.txt"] {
            assert_eq!(by_content(b"-----BEGIN PGP", name), Some(KindName::Sums));
        }
        assert_eq!(by_content(b"PK\x03\x04", "lib-1.0.jar"), None);
        assert_eq!(by_content(b"a package", "notes.changes.txt"), None);
    }
}

//! Stanzas of Packages and Sources, in the order clients and people are used to.

use pkgseal_repo::{DigestAlgorithm, Digests, SafePath};

use crate::control::Control;

/// The order of fields in Packages, as apt-ftparchive writes them; others follow in the
/// order of the control file.
const PACKAGES: &[&str] = &[
    "Package",
    "Package-Type",
    "Architecture",
    "Subarchitecture",
    "Version",
    "Kernel-Version",
    "Built-Using",
    "Static-Built-Using",
    "Built-For-Profiles",
    "Auto-Built-Package",
    "Multi-Arch",
    "Status",
    "Priority",
    "Build-Essential",
    "Protected",
    "Important",
    "Essential",
    "Installer-Menu-Item",
    "Section",
    "Source",
    "Origin",
    "Phased-Update-Percentage",
    "Maintainer",
    "Original-Maintainer",
    "Bugs",
    "Config-Version",
    "Conffiles",
    "Triggers-Awaited",
    "Triggers-Pending",
    "Installed-Size",
    "Provides",
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Suggests",
    "Conflicts",
    "Breaks",
    "Replaces",
    "Enhances",
    "Filename",
    "MSDOS-Filename",
    "Size",
    "MD5sum",
    "SHA1",
    "SHA256",
    "SHA512",
    "Homepage",
    "Description",
    "Description-md5",
    "Tag",
    "Task",
];

/// The order of fields in Sources.
const SOURCES: &[&str] = &[
    "Package",
    "Format",
    "Binary",
    "Architecture",
    "Version",
    "Priority",
    "Section",
    "Origin",
    "Maintainer",
    "Original-Maintainer",
    "Uploaders",
    "Dm-Upload-Allowed",
    "Standards-Version",
    "Build-Depends",
    "Build-Depends-Arch",
    "Build-Depends-Indep",
    "Build-Conflicts",
    "Build-Conflicts-Arch",
    "Build-Conflicts-Indep",
    "Testsuite",
    "Testsuite-Triggers",
    "Homepage",
    "Description",
    "Vcs-Browser",
    "Vcs-Browse",
    "Vcs-Arch",
    "Vcs-Bzr",
    "Vcs-Cvs",
    "Vcs-Darcs",
    "Vcs-Git",
    "Vcs-Hg",
    "Vcs-Mtn",
    "Vcs-Svn",
    "Directory",
    "Package-List",
    "Files",
    "Checksums-Md5",
    "Checksums-Sha1",
    "Checksums-Sha256",
    "Checksums-Sha512",
];

/// What a package cannot say of itself.
const OURS: &[&str] = &[
    "Filename", "Size", "MD5sum", "SHA1", "SHA256", "SHA512", "Status",
];

/// What a .dsc cannot say of itself, or says in another form.
const OURS_OF_SOURCES: &[&str] = &[
    "Source",
    "Package",
    "Status",
    "Priority",
    "Directory",
    "Files",
    "Checksums-Md5",
    "Checksums-Sha1",
    "Checksums-Sha256",
    "Checksums-Sha512",
];

/// A stanza of Packages, the empty line at its end included.
pub(super) fn package(
    control: &Control,
    path: &SafePath,
    size: u64,
    digests: &Digests,
    listed: &[DigestAlgorithm],
) -> Vec<u8> {
    let mut fields: Vec<(&str, Vec<u8>)> = vec![
        ("Filename", path.as_str().into()),
        ("Size", size.to_string().into()),
    ];
    for (name, algorithm) in [
        ("MD5sum", DigestAlgorithm::Md5),
        ("SHA1", DigestAlgorithm::Sha1),
        ("SHA256", DigestAlgorithm::Sha256),
        ("SHA512", DigestAlgorithm::Sha512),
    ] {
        if listed.contains(&algorithm)
            && let Some(hex) = digests.hex(algorithm)
        {
            fields.push((name, hex.into()));
        }
    }
    write(control.fields(), fields, OURS, PACKAGES)
}

/// A file of a source package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) digests: &'a Digests,
}

/// A stanza of Sources. `parts` begins with the .dsc itself.
pub(super) fn source(
    paragraph: &Control,
    directory: &str,
    parts: &[Part<'_>],
    listed: &[DigestAlgorithm],
) -> Vec<u8> {
    let name = paragraph.field("Source").unwrap_or_default().to_vec();
    let mut fields: Vec<(&str, Vec<u8>)> = vec![("Package", name), ("Directory", directory.into())];
    for (field, algorithm, always) in [
        // Clients before apt 1.1 read no other list.
        ("Files", DigestAlgorithm::Md5, true),
        ("Checksums-Sha1", DigestAlgorithm::Sha1, false),
        ("Checksums-Sha256", DigestAlgorithm::Sha256, true),
        ("Checksums-Sha512", DigestAlgorithm::Sha512, false),
    ] {
        if !always && !listed.contains(&algorithm) {
            continue;
        }
        let mut list = String::new();
        for part in parts {
            let hex = part.digests.hex(algorithm).unwrap_or_default();
            list.push_str(&format!("\n {hex} {} {}", part.size, part.name));
        }
        fields.push((field, list.into()));
    }
    write(paragraph.fields(), fields, OURS_OF_SOURCES, SOURCES)
}

/// Writes fields in order: those of `known` first, ours in place of any of the same name.
fn write(
    theirs: &[(String, Vec<u8>)],
    ours: Vec<(&str, Vec<u8>)>,
    left_out: &[&str],
    known: &[&str],
) -> Vec<u8> {
    let mut fields: Vec<(usize, &str, &[u8])> = Vec::with_capacity(theirs.len() + ours.len());
    let among = |names: &[&str], name: &str| {
        names
            .iter()
            .position(|other| other.eq_ignore_ascii_case(name))
    };
    for (name, value) in theirs {
        if among(left_out, name).is_none() {
            let at = among(known, name);
            let name = at.and_then(|at| known.get(at).copied()).unwrap_or(name);
            fields.push((at.unwrap_or(known.len()), name, value));
        }
    }
    for (name, value) in &ours {
        let at = among(known, name).unwrap_or(known.len());
        fields.push((at, name, value));
    }
    fields.sort_by_key(|(at, ..)| *at);
    let mut text = Vec::new();
    for (_, name, value) in fields {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        if !value.is_empty() && !value.starts_with(b"\n") {
            text.push(b' ');
        }
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    text.push(b'\n');
    text
}

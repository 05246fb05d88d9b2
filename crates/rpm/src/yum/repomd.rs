//! `repomd.xml`: the signed list of a repository's metadata files.

use pkgseal_openpgp::Verified;
use pkgseal_repo::{DigestAlgorithm, Digests, Finding, Limits, SafePath};

use super::REPOMD;
use super::xml::{Field, Item, Record, Records, Shape};
use crate::codes;

const SHAPE: Shape = Shape {
    root: "repomd",
    record: "data",
    singles: &["revision"],
    fields: &[
        "checksum",
        "open-checksum",
        "header-checksum",
        "location",
        "timestamp",
        "size",
        "open-size",
        "header-size",
    ],
    nested: &[],
};

/// What `repomd.xml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repomd {
    /// Its `revision`, as written: a number, usually seconds since 1970.
    pub revision: Option<String>,
    /// Its metadata files, one for each type.
    pub data: Vec<Data>,
}

/// One metadata file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Its type: `primary`, `filelists`…
    pub kind: String,
    /// Where it is, relative to the repository.
    pub location: SafePath,
    /// Digest as stored.
    pub checksum: Digests,
    /// Size as stored, in bytes.
    pub size: Option<u64>,
    /// Digest when decompressed.
    pub open_checksum: Option<Digests>,
    /// Size when decompressed, in bytes.
    pub open_size: Option<u64>,
    /// Digest of a zchunk file's header.
    pub header_checksum: Option<Digests>,
    /// Size of a zchunk file's header, in bytes.
    pub header_size: Option<u64>,
    /// When it was made, in seconds since 1970; fractions are cut off.
    pub timestamp: Option<u64>,
}

impl Data {
    /// Whether it is a zchunk file, by its name.
    pub(super) fn is_zchunk(&self) -> bool {
        self.location.as_str().ends_with(".zck")
    }
}

impl Repomd {
    /// Parses verified bytes.
    ///
    /// # Errors
    /// A finding (`yum.repomd.malformed`, `yum.location-elsewhere`, `path.unsafe`).
    pub fn parse(
        bytes: Verified<Vec<u8>>,
        limits: &Limits,
    ) -> Result<Verified<Self>, Box<Finding>> {
        bytes.try_map(|bytes| parse(&bytes, limits))
    }

    /// What keeps it from vouching for anything: no primary index, digests too weak.
    pub(super) fn weaknesses(&self, subject: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.find("primary").is_none() {
            found.push(no_primary(subject));
        }
        for data in &self.data {
            if let Some(strongest) = data.checksum.strongest()
                && !strongest.is_strong()
            {
                found.push(
                    Finding::reject(
                        pkgseal_repo::codes::FILE_WEAK_DIGEST,
                        data.location.as_str(),
                        format!("the list gives {strongest} only, and SHA-256 or better is needed"),
                    )
                    .because(format!("{subject}, <data type={:?}>", data.kind))
                    .hint("createrepo_c --checksum sha256"),
                );
            }
        }
        found
    }

    /// When the newest of its metadata files was made, in seconds since 1970.
    pub fn newest(&self) -> Option<u64> {
        self.data.iter().filter_map(|d| d.timestamp).max()
    }

    /// The entry of this type.
    pub fn find(&self, kind: &str) -> Option<&Data> {
        self.data.iter().find(|d| d.kind == kind)
    }
}

pub(super) fn no_primary(subject: &str) -> Finding {
    Finding::reject(
        codes::NO_PRIMARY,
        subject,
        "it lists no primary index, so nothing vouches for the packages",
    )
}

fn malformed(detail: impl Into<String>) -> Box<Finding> {
    Box::new(Finding::reject(codes::REPOMD, REPOMD, detail))
}

fn parse(bytes: &[u8], limits: &Limits) -> Result<Repomd, Box<Finding>> {
    let mut records = Records::new(bytes, SHAPE, limits.line);
    let mut repomd = Repomd {
        revision: None,
        data: Vec::new(),
    };
    while let Some(item) = records.next().map_err(|f| malformed(f.detail))? {
        match item {
            Item::Single(field) => {
                let revision = field.text.trim();
                if revision.contains(char::is_control) {
                    return Err(malformed("a control character in <revision>"));
                }
                repomd.revision = Some(revision.to_owned());
            }
            Item::Record(record) => {
                if repomd.data.len() >= limits.entries {
                    return Err(malformed("more metadata files than the limit allows"));
                }
                let data = parse_data(&record)?;
                if repomd.find(&data.kind).is_some() {
                    return Err(malformed(format!("two files of type {:?}", data.kind)));
                }
                repomd.data.push(data);
            }
        }
    }
    Ok(repomd)
}

fn parse_data(record: &Record) -> Result<Data, Box<Finding>> {
    let kind = record
        .own
        .attribute("type")
        .ok_or_else(|| malformed("a <data> without type"))?
        .to_owned();
    let within = |detail: String| malformed(format!("<data type={kind:?}>: {detail}"));
    let location = location(record).map_err(|e| e.finding(codes::REPOMD, REPOMD, &kind))?;
    let digest = |name: &str| {
        record
            .field(name)
            .map(|field| checksum(field).map_err(within))
            .transpose()
    };
    let number = |name: &str| {
        record
            .text(name)
            .map(|text| {
                text.parse::<u64>()
                    .map_err(|_| within(format!("<{name}> is {text:?}, not a number of bytes")))
            })
            .transpose()
    };
    Ok(Data {
        checksum: digest("checksum")?.ok_or_else(|| within("no <checksum>".to_owned()))?,
        open_checksum: digest("open-checksum")?,
        size: number("size")?,
        open_size: number("open-size")?,
        header_checksum: digest("header-checksum")?,
        header_size: number("header-size")?,
        timestamp: record
            .text("timestamp")
            .map(|text| {
                seconds(text).ok_or_else(|| {
                    within(format!("<timestamp> is {text:?}, not a number of seconds"))
                })
            })
            .transpose()?,
        location,
        kind: kind.clone(),
    })
}

/// Whole seconds; old repositories write a fraction.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction))
        .then(|| whole.parse().ok())
        .flatten()
}

/// Why a location cannot be used.
pub(super) enum BadLocation {
    Missing,
    Elsewhere(String),
    Unsafe(String, String),
}

impl BadLocation {
    /// As a finding about `subject`, an entry of it named in `entry`.
    pub(super) fn finding(
        self,
        malformed: pkgseal_repo::Code,
        subject: &str,
        entry: &str,
    ) -> Box<Finding> {
        let (code, detail) = match self {
            Self::Missing => (malformed, "no location".to_owned()),
            Self::Elsewhere(base) => (codes::ELSEWHERE, format!("the location is below {base:?}")),
            Self::Unsafe(href, reason) => (
                pkgseal_repo::codes::PATH_UNSAFE,
                format!("the location {href:?}: {reason}"),
            ),
        };
        Box::new(Finding::reject(code, subject, format!("{entry}: {detail}")))
    }
}

/// The `location` of a record: a plain relative path in this repository.
pub(super) fn location(record: &Record) -> Result<SafePath, BadLocation> {
    let field = record.field("location").ok_or(BadLocation::Missing)?;
    if let Some(base) = field.attribute("xml:base") {
        return Err(BadLocation::Elsewhere(base.to_owned()));
    }
    let href = field.attribute("href").ok_or(BadLocation::Missing)?;
    let bad = |reason: &str| BadLocation::Unsafe(href.to_owned(), reason.to_owned());
    // A scheme before the first slash would be another server.
    let first = href.split('/').next().unwrap_or_default();
    if first.ends_with(':') {
        return Err(bad("it has a scheme"));
    }
    SafePath::new(href).map_err(|e| match e {
        pkgseal_repo::Error::UnsafePath { reason, .. } => bad(reason),
        other => bad(&other.to_string()),
    })
}

/// A `checksum` element: its type and its hexadecimal text.
pub(super) fn checksum(field: &Field) -> Result<Digests, String> {
    let kind = field
        .attribute("type")
        .ok_or_else(|| format!("<{}> without type", field.name))?;
    let algorithm = match kind {
        "md5" => DigestAlgorithm::Md5,
        "sha" | "sha1" => DigestAlgorithm::Sha1,
        "sha224" => DigestAlgorithm::Sha224,
        "sha256" => DigestAlgorithm::Sha256,
        "sha384" => DigestAlgorithm::Sha384,
        "sha512" => DigestAlgorithm::Sha512,
        other => return Err(format!("<{}> of unknown type {other:?}", field.name)),
    };
    let mut digests = Digests::new();
    digests
        .insert_hex(algorithm, field.text.trim())
        .map_err(|reason| format!("<{}>: {reason}", field.name))?;
    Ok(digests)
}

#[cfg(test)]
mod tests;

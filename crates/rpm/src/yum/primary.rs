//! The primary index: the list of packages, read as a stream.

use std::io::Read;

use pkgseal_openpgp::Verified;
use pkgseal_repo::{Code, Digests, Entry, Finding, Limits, Requirement, SafePath};

use super::repomd::{checksum, location};
use super::xml::{Fault, Item, Record, Records, Shape};
use crate::codes;

const SHAPE: Shape = Shape {
    root: "metadata",
    record: "package",
    singles: &[],
    fields: &["name", "arch", "version", "checksum", "size", "location"],
    nested: &[("format", "rpm:header-range")],
};

/// The packages of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// In the order of the index.
    pub packages: Vec<Package>,
    /// How many the index announces.
    pub announced: Option<u64>,
}

/// One package as the primary index describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Name.
    pub name: String,
    /// Epoch, 0 where none is given.
    pub epoch: u64,
    /// Version.
    pub version: String,
    /// Release.
    pub release: String,
    /// Architecture, `src` or `nosrc` for source packages.
    pub arch: String,
    /// Where it is, relative to the repository.
    pub location: SafePath,
    /// Digest of the whole file.
    pub checksum: Digests,
    /// Size of the whole file, in bytes.
    pub size: Option<u64>,
    /// Where its main header begins and ends in the file.
    pub header_range: Option<(u64, u64)>,
}

impl Package {
    /// Name, epoch, version, release and architecture: `hello-0:1.0-1.noarch`.
    pub(super) fn nevra(&self) -> String {
        format!(
            "{}-{}:{}-{}.{}",
            self.name, self.epoch, self.version, self.release, self.arch
        )
    }

    /// What filelists and other call it: its digest.
    pub(super) fn pkgid(&self) -> &[u8] {
        let strongest = self.checksum.strongest();
        strongest
            .and_then(|algorithm| self.checksum.get(algorithm))
            .unwrap_or_default()
    }

    /// What the index vouches for.
    pub(super) fn entry(&self, listed_by: &std::sync::Arc<str>) -> Entry {
        Entry {
            path: self.location.clone(),
            size: self.size,
            digests: self.checksum.clone(),
            requirement: Requirement::Required,
            listed_by: listed_by.clone(),
        }
    }
}

impl Primary {
    /// Reads a verified index to its end. `subject` names it in findings.
    ///
    /// # Errors
    /// A finding (`yum.primary.malformed`, `yum.decompression`, `yum.location-elsewhere`,
    /// `path.unsafe`, `limit.exceeded`).
    pub fn read(
        source: Verified<impl Read>,
        subject: &str,
        limits: &Limits,
    ) -> Result<Verified<Self>, Box<Finding>> {
        source.try_map(|source| read(source, subject, limits))
    }
}

fn read(source: impl Read, subject: &str, limits: &Limits) -> Result<Primary, Box<Finding>> {
    let mut records = Records::new(source, SHAPE, limits.line);
    let mut packages = Vec::new();
    while let Some(item) = records
        .next()
        .map_err(|f| fault(codes::PRIMARY, subject, f))?
    {
        let Item::Record(record) = item else { continue };
        if packages.len() >= limits.entries {
            return Err(Box::new(Finding::reject(
                pkgseal_repo::codes::LIMIT,
                subject,
                format!("more than {} packages", limits.entries),
            )));
        }
        packages.push(package(&record, subject)?);
    }
    let announced = records
        .root()
        .and_then(|root| root.attribute("packages"))
        .and_then(|count| count.trim().parse().ok());
    Ok(Primary {
        packages,
        announced,
    })
}

/// What stopped the reading of an index; `malformed` where its text is at fault.
pub(super) fn fault(malformed: Code, subject: &str, fault: Fault) -> Box<Finding> {
    let code = match fault.io {
        Some(std::io::ErrorKind::FileTooLarge) => codes::OPEN_SIZE,
        Some(_) => codes::DECOMPRESSION,
        None => malformed,
    };
    Box::new(Finding::reject(code, subject, fault.detail))
}

/// The value of an attribute `epoch`; 0 where none is given.
pub(super) fn epoch(text: Option<&str>) -> Option<u64> {
    match text {
        None | Some("") => Some(0),
        Some(epoch) => epoch.trim().parse().ok(),
    }
}

fn package(record: &Record, subject: &str) -> Result<Package, Box<Finding>> {
    let name = record.text("name").unwrap_or_default().to_owned();
    let malformed = |detail: String| {
        Box::new(Finding::reject(
            codes::PRIMARY,
            subject,
            format!("package {name:?}: {detail}"),
        ))
    };
    let kind = record.own.attribute("type");
    if kind.is_some_and(|kind| kind != "rpm") {
        return Err(malformed(format!("of the unknown type {kind:?}")));
    }
    if name.is_empty() {
        return Err(malformed("no name".to_owned()));
    }
    let location = location(record)
        .map_err(|e| e.finding(codes::PRIMARY, subject, &format!("package {name:?}")))?;
    let number = |text: &str, what: &str| {
        text.trim()
            .parse::<u64>()
            .map_err(|_| malformed(format!("{what} is {text:?}, not a number")))
    };
    let version = record
        .field("version")
        .ok_or_else(|| malformed("no version".to_owned()))?;
    let part = |what: &str| {
        version
            .attribute(what)
            .map(str::to_owned)
            .ok_or_else(|| malformed(format!("no {what} in its version")))
    };
    let epoch = epoch(version.attribute("epoch"))
        .ok_or_else(|| malformed("the epoch is not a number".to_owned()))?;
    let digest = record
        .field("checksum")
        .ok_or_else(|| malformed("no checksum".to_owned()))?;
    let size = record
        .field("size")
        .and_then(|f| f.attribute("package"))
        .map(|text| number(text, "the size"))
        .transpose()?;
    let header_range = record
        .field("rpm:header-range")
        .and_then(|f| Some((f.attribute("start")?, f.attribute("end")?)))
        .map(|(start, end)| {
            Ok::<_, Box<Finding>>((
                number(start, "the start of the header")?,
                number(end, "the end of the header")?,
            ))
        })
        .transpose()?;
    Ok(Package {
        epoch,
        version: part("ver")?,
        release: part("rel")?,
        arch: record
            .text("arch")
            .ok_or_else(|| malformed("no architecture".to_owned()))?
            .to_owned(),
        checksum: checksum(digest).map_err(malformed)?,
        location,
        size,
        header_range,
        name: name.clone(),
    })
}

#[cfg(test)]
mod tests;

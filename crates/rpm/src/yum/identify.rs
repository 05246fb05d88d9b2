//! Whether a package is the one the index describes, told from the bytes the engine read.

use std::io::{self, Write};

use pkgseal_repo::{Finding, Witness};

use super::primary::Package;
use crate::codes as rpm_codes;
use crate::package::{Head, Identity, Stop, identity};

/// Keeps the head of a package while the engine reads it, to compare the package with its
/// description once the digest has vouched for it.
pub(super) struct Identify<'a> {
    packages: &'a [&'a Package],
    listed_by: &'a str,
    head: Vec<u8>,
    /// Bytes to keep: up to where the index says the header ends.
    wanted: usize,
}

/// More than this is not kept; the header of a package that large is not compared.
const MAX_HEAD: u64 = 64 << 20;

impl<'a> Identify<'a> {
    pub(super) fn new(packages: &'a [&'a Package], listed_by: &'a str) -> Self {
        let end = packages.first().and_then(|p| p.header_range);
        let end = end.map_or(0, |(_, end)| end).min(MAX_HEAD);
        Self {
            packages,
            listed_by,
            head: Vec::new(),
            wanted: usize::try_from(end).unwrap_or(0),
        }
    }

    /// Whether the bytes are of the package that is described, or of another build of the
    /// same name and version. Only of bytes that something else vouches for.
    pub(super) fn is_same_build(&self) -> bool {
        let Ok(head) = Head::read(&mut self.head.as_slice(), self.head.len() as u64) else {
            return false;
        };
        let Some(found) = identity(head.main(), &head.main_index) else {
            return false;
        };
        self.packages.iter().any(|package| is_of(&found, package))
    }

    fn compare(&self, package: &Package) -> Option<Finding> {
        let reject = |code, detail: String| {
            Some(
                Finding::reject(code, package.location.as_str(), detail)
                    .because(self.listed_by.to_owned()),
            )
        };
        let (start, end) = package.header_range?;
        let head = match Head::read(&mut self.head.as_slice(), self.head.len() as u64) {
            Ok(head) => head,
            Err(Stop::Malformed(finding)) => {
                return reject(
                    rpm_codes::HEADER_RANGE,
                    format!("no package header ends at byte {end}: {}", finding.detail),
                );
            }
            Err(Stop::Io(_)) => return None,
        };
        let range = head.main_range();
        if (range.start as u64, range.end as u64) != (start, end) {
            return reject(
                rpm_codes::HEADER_RANGE,
                format!(
                    "its header stands at {}-{}, the list says {start}-{end}",
                    range.start, range.end
                ),
            );
        }
        let found = identity(head.main(), &head.main_index)?;
        if is_of(&found, package) {
            return None;
        }
        reject(
            rpm_codes::PACKAGE_IDENTITY,
            format!(
                "it is {}-{}:{}-{}.{}, the list says {}-{}:{}-{}.{}",
                found.name,
                found.epoch,
                found.version,
                found.release,
                found.arch,
                package.name,
                package.epoch,
                package.version,
                package.release,
                package.arch
            ),
        )
    }
}

/// Whether a header is of the package that an index describes.
fn is_of(found: &Identity, package: &Package) -> bool {
    found.name == package.name
        && found.epoch == package.epoch
        && found.version == package.version
        && found.release == package.release
        && (found.arch == package.arch
            || found.source && matches!(package.arch.as_str(), "src" | "nosrc"))
}

impl Write for Identify<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let missing = self.wanted.saturating_sub(self.head.len());
        let part = bytes.get(..missing).unwrap_or(bytes);
        self.head.extend_from_slice(part);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Witness for Identify<'_> {
    fn agreed(&self) -> Vec<Finding> {
        self.packages
            .iter()
            .filter_map(|package| self.compare(package))
            .collect()
    }
}

//! The control file of a .deb, out of one pass over the package.
//!
//! [`Scan`] is a sink for the bytes of a package. It keeps the headers and control.tar,
//! so that the structure and the control file are judged on the very bytes that went
//! through the digests, and needs no second read: what the data member holds is not kept.

mod archive;
mod paragraph;
mod scan;

use std::fs::File;
use std::io::Write;

use pkgseal_repo::{DigestAlgorithm, Digests, Limits, MultiHasher, read_through};

use crate::layout::Fault;

pub(crate) use paragraph::{Control, fields, is_name, is_version};
pub(crate) use scan::Scan;

/// What one pass over a package gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Size in bytes.
    pub(crate) size: u64,
    /// The digests that were asked for.
    pub(crate) digests: Digests,
    /// Its control file.
    pub(crate) control: Control,
}

/// Reads a package once: its digests, and its control file from the same bytes. `subject`
/// names it in findings. Memory: control.tar, never more than `limits.control` bytes.
///
/// # Errors
/// [`Fault::Reject`] when it is not canonical, or its control file is not; [`Fault::Io`].
pub(crate) fn read(
    file: &File,
    subject: &str,
    algorithms: impl IntoIterator<Item = DigestAlgorithm>,
    limits: &Limits,
) -> Result<Contents, Fault> {
    let mut hasher = MultiHasher::new(algorithms);
    let mut scan = Scan::new(limits);
    let size = read_through(file, &mut [&mut hasher as &mut dyn Write, &mut scan])?;
    Ok(Contents {
        size,
        control: scan.finish(subject).map_err(Fault::Reject)?,
        digests: hasher.finish(),
    })
}

#[cfg(test)]
mod tests;

//! Opening whatever a user calls a keyring.

mod directory;
pub(crate) mod file;
mod kept;
mod sources;
mod traps;

use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Certificate, Certificates, Fingerprint};
use pkgseal_repo::{Code, Finding, Limits, Severity};

use crate::{Result, codes};

pub(crate) use kept::{KeptFile, keep};

/// Files read for one keyring, at most.
const FILES: usize = 100_000;

/// What was found at one or several paths.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Every usable certificate once, copies merged.
    pub certificates: Certificates,
    /// What could not be used, and what other programs would not read. Nothing here
    /// rejects: a keyring is no verdict. A path that was asked for and gives no
    /// certificate at all is undecided.
    pub findings: Vec<Finding>,
    /// Where the certificates were, in the order they were read.
    pub sources: Vec<Source>,
}

/// One file, or one block in a sources file, and the certificates in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub form: Form,
    /// Fingerprints of its certificates, in order.
    pub certificates: Vec<Fingerprint>,
}

/// The forms certificates are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// `-----BEGIN PGP PUBLIC KEY BLOCK-----`, once or several times, text between.
    Armored,
    /// Packets, what apt calls a `.gpg` file.
    Binary,
    /// A block inside a sources entry (`Signed-By`).
    Inline,
}

/// Opens one keyring: a file (armored or binary, any number of certificates), a directory
/// of such files at any depth (`/etc/apt/trusted.gpg.d`, `/etc/pki/rpm-gpg`, an OpenPGP
/// certificate directory), or an apt `.sources`, `.list` or yum `.repo` file whose
/// `Signed-By` or `gpgkey` entries are followed.
///
/// Files named as removed keys are left out of a directory; name them to use them.
/// All files together may have [`Limits::certificates`] bytes.
///
/// # Errors
/// [`Error::File`](crate::Error::File) when `path` itself cannot be read or is too large.
pub fn open(path: &Path, limits: &Limits) -> Result<Loaded> {
    open_all([path], limits)
}

/// Opens several keyrings as one.
///
/// # Errors
/// As [`open`], for each of them.
pub fn open_all<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    limits: &Limits,
) -> Result<Loaded> {
    let mut collector = Collector::new(limits);
    for path in paths {
        collector.named(path.as_ref())?;
    }
    Ok(collector.finish())
}

/// How a file came to be read; decides how much it matters that it is unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The user named it.
    ByName,
    /// An entry of a sources file named it.
    ByReference,
    /// It lies in a directory.
    InDirectory,
}

struct Collector {
    /// Bytes that may still be read.
    budget: u64,
    files: usize,
    certificates: Vec<Certificate>,
    findings: Vec<Finding>,
    sources: Vec<Source>,
    /// The files as they were read, where somebody wants to look at them.
    kept: Option<Vec<KeptFile>>,
}

impl Collector {
    fn new(limits: &Limits) -> Self {
        Self {
            budget: limits.certificates,
            files: FILES,
            certificates: Vec::new(),
            findings: Vec::new(),
            sources: Vec::new(),
            kept: None,
        }
    }

    fn named(&mut self, path: &Path) -> Result<()> {
        let certificates = self.certificates.len();
        let findings = self.findings.len();
        if path.is_dir() {
            self.directory(path);
        } else {
            let bytes = self.read(path)?;
            self.file(path, &bytes, Asked::ByName);
        }
        if self.certificates.len() == certificates {
            self.nothing_in(path, findings);
        }
        Ok(())
    }

    /// A path that was asked for gave nothing: whatever was found there now counts.
    fn nothing_in(&mut self, path: &Path, findings: usize) {
        let explained = self
            .findings
            .iter_mut()
            .skip(findings)
            .filter(|finding| finding.severity >= Severity::Warning)
            .map(|finding| finding.severity = Severity::Undecided)
            .count();
        if explained == 0 {
            self.findings.push(Finding::undecided(
                codes::NOTHING,
                subject(path),
                "there is no OpenPGP certificate in it",
            ));
        }
    }

    fn read(&mut self, path: &Path) -> Result<Vec<u8>> {
        let bytes = pkgseal_repo::read_file(path, self.budget)?;
        self.budget = self.budget.saturating_sub(bytes.len() as u64);
        Ok(bytes)
    }

    fn warn(&mut self, code: Code, path: &Path, detail: impl Into<String>) -> &mut Finding {
        self.push(Finding::warning(code, subject(path), detail))
    }

    fn push(&mut self, finding: Finding) -> &mut Finding {
        let index = self.findings.len();
        self.findings.push(finding);
        #[expect(clippy::indexing_slicing, reason = "it was pushed just now")]
        &mut self.findings[index]
    }

    fn finish(self) -> Loaded {
        Loaded {
            certificates: Certificates::new(self.certificates),
            findings: self.findings,
            sources: self.sources,
        }
    }
}

fn subject(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

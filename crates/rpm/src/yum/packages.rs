//! Every package of the primary index: its size, its digests, that it is the one described,
//! and, where asked, its own signatures. One read each.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use pkgseal_openpgp::{Examination, Fingerprint, Verified, Verifier};
use pkgseal_repo::{
    Code, Entry, Finding, Limits, Outcome, Reading, Report, SafePath, Severity, Witness,
    check_existence, check_reading, check_witnessed, codes as repo_codes,
};

use super::REPOMD;
use super::chain::Chain;
use super::identify::Identify;
use super::primary::{Package, Primary};
use super::repomd::Repomd;
use super::request::Level;
use crate::codes;
use crate::error::Result;
use crate::package;

/// Where the primary index is.
fn path(repomd: &Repomd) -> &str {
    repomd
        .find("primary")
        .map_or(REPOMD, |data| data.location.as_str())
}

/// Checks the packages as deep as the chain goes.
pub(super) fn check(
    chain: &Chain<'_>,
    primary: &Verified<Primary>,
    repomd: &Verified<Repomd>,
    examination: &mut Examination,
) -> Result<()> {
    let Chain {
        root,
        options,
        progress,
        ..
    } = *chain;
    let listed_by: Arc<str> = path(repomd.get()).into();
    let packages = &primary.get().packages;

    let mut by_path: HashMap<&SafePath, Vec<&Package>> = HashMap::with_capacity(packages.len());
    for package in packages {
        by_path.entry(&package.location).or_default().push(package);
    }
    let entries = packages.iter().map(|p| p.entry(&listed_by)).collect();
    let identify = |entry: &Entry| {
        let packages = by_path.get(&entry.path)?;
        Some(Identify::new(packages, &listed_by))
    };
    let report = match (chain.level, chain.verifier) {
        (Level::Signatures | Level::Indices, _) => Report::new(),
        (Level::Existence, _) => check_existence(root, entries, options, progress)?,
        (Level::Packages, Some(verifier)) => {
            let tally = Mutex::new(Tally::default());
            let reading = |entry: &Entry| -> Option<Box<dyn Reading + '_>> {
                Some(Box::new(Signed {
                    subject: entry.path.to_string(),
                    identify: identify(entry)?,
                    verifier,
                    limits: &options.limits,
                    examination: None,
                    tally: &tally,
                }))
            };
            let report = check_reading(root, entries, options, progress, &reading)?;
            let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
            tally.tell(examination);
            report
        }
        (Level::Content | Level::Packages, _) => {
            let witness = |entry: &Entry| -> Option<Box<dyn Witness + '_>> {
                Some(Box::new(identify(entry)?))
            };
            check_witnessed(root, entries, options, progress, &witness)?
        }
    };
    examination.report.merge(report);
    Ok(())
}

/// What is ambiguous or wrong about the index itself.
pub(super) fn doubts(primary: &Primary, repomd: &Repomd) -> Report {
    let index = path(repomd);
    let mut report = Report::new();
    let packages = &primary.packages;
    if let Some(announced) = primary.announced
        && announced != packages.len() as u64
    {
        report.push(Finding::reject(
            codes::PRIMARY_COUNT,
            index,
            format!(
                "it announces {announced} packages and lists {}",
                packages.len()
            ),
        ));
    }
    let mut places: HashMap<&SafePath, &Package> = HashMap::with_capacity(packages.len());
    let mut builds: HashMap<String, &Package> = HashMap::with_capacity(packages.len());
    for package in packages {
        if let Some(first) = places.insert(&package.location, package) {
            // With another digest the two contradict each other, which is told elsewhere.
            if first.checksum == package.checksum {
                report.push(
                    Finding::reject(
                        codes::PRIMARY_TWICE,
                        package.location.as_str(),
                        "it is listed twice",
                    )
                    .because(index),
                );
            }
            continue;
        }
        if let Some(first) = builds.insert(package.nevra(), package)
            && first.checksum != package.checksum
        {
            report.push(
                Finding::warning(
                    codes::PRIMARY_SAME_NAME,
                    package.location.as_str(),
                    format!(
                        "{} with other content is {}; clients differ in which one they take",
                        package.nevra(),
                        first.location
                    ),
                )
                .because(index),
            );
        }
    }
    report
}

/// A package whose own signatures are judged in the read that compares its digests.
struct Signed<'a> {
    subject: String,
    identify: Identify<'a>,
    verifier: &'a Verifier,
    limits: &'a Limits,
    examination: Option<Examination>,
    tally: &'a Mutex<Tally>,
}

impl Reading for Signed<'_> {
    fn read(&mut self, source: &mut dyn Read, length: u64) -> io::Result<()> {
        let mut source = Watched {
            source,
            identify: &mut self.identify,
        };
        let found = package::examine(
            &self.subject,
            &mut source,
            length,
            self.verifier,
            self.limits,
        )?;
        self.examination = Some(found);
        Ok(())
    }

    fn agreed(&mut self) -> Vec<Finding> {
        let mut findings = self.identify.agreed();
        let Some(examination) = self.examination.take() else {
            return findings;
        };
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.signers(&examination);
        for finding in examination.report.findings {
            match finding.severity {
                Severity::Reject | Severity::Undecided => findings.push(finding),
                Severity::Warning | Severity::Note => tally.told(finding),
            }
        }
        findings
    }

    fn differs(&mut self, finding: Finding) -> Finding {
        let Some(examination) = &self.examination else {
            return finding;
        };
        // Its own signature vouches for it: it may be read.
        if finding.code != repo_codes::FILE_DIGEST
            || examination.outcome() != Outcome::Accepted
            || !self.identify.is_same_build()
        {
            return finding;
        }
        Finding {
            code: codes::PACKAGE_REPLACED,
            detail: format!(
                "a package of the same name and version stands here, with a good signature of \
                 its own: built or signed again after the index was made, or changed where no \
                 signature of its own covers it; {}",
                finding.detail
            ),
            ..finding
        }
        .hint("make the metadata again and sign repomd.xml; as a mirror, fetch both again")
    }
}

/// A source whose bytes [`Identify`] sees as well.
struct Watched<'a, 'b> {
    source: &'a mut dyn Read,
    identify: &'a mut Identify<'b>,
}

impl Read for Watched<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.identify
            .write_all(buffer.get(..count).unwrap_or_default())?;
        Ok(count)
    }
}

/// What is told of all packages together: a repository has thousands.
#[derive(Debug, Default)]
struct Tally {
    /// How many packages each certificate signed.
    signers: BTreeMap<Fingerprint, u64>,
    /// Warnings and notes: one of each code, and how many.
    told: BTreeMap<(Severity, Code), (Finding, u64)>,
}

impl Tally {
    fn signers(&mut self, examination: &Examination) {
        let mut signers: Vec<_> = examination
            .signatures
            .iter()
            .filter_map(|object| object.report.accepted_signers())
            .flatten()
            .collect();
        signers.sort();
        signers.dedup();
        for signer in signers {
            *self.signers.entry(signer.clone()).or_default() += 1;
        }
    }

    fn told(&mut self, finding: Finding) {
        let key = (finding.severity, finding.code);
        match self.told.get_mut(&key) {
            None => {
                self.told.insert(key, (finding, 1));
            }
            Some((first, count)) => {
                *count += 1;
                // Whichever thread comes first, the message is the same.
                if (&finding.subject, &finding.detail) < (&first.subject, &first.detail) {
                    *first = finding;
                }
            }
        }
    }

    fn tell(self, examination: &mut Examination) {
        for (signer, count) in self.signers {
            examination.add_detail("packages signed", format!("{count} by {signer}"));
        }
        for (mut finding, count) in self.told.into_values() {
            if count > 1 {
                finding.detail = format!("{} (the first of {count} such)", finding.detail);
            }
            examination.report.push(finding);
        }
    }
}

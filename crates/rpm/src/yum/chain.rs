//! The chain of digests from `repomd.xml` to every package.

use std::collections::BTreeSet;

use pkgseal_openpgp::{Examination, Verified, Verifier};
use pkgseal_repo::publication::FOLDER;
use pkgseal_repo::{CheckOptions, Outcome, Progress, Report, Root, SafePath, surplus};
use rayon::iter::{IntoParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _};

use super::REPOMD;
use super::data::{Files, Loaded};
use super::lists::{self, Ids};
use super::memory::Memory;
use super::packages;
use super::primary::Primary;
use super::repomd::Repomd;
use super::request::Level;
use crate::codes;
use crate::error::Result;

/// A repository, and how deep to follow its digests.
pub(super) struct Chain<'a> {
    pub(super) root: &'a Root,
    pub(super) level: Level,
    /// Who judges the packages' own signatures, at [`Level::Packages`].
    pub(super) verifier: Option<&'a Verifier>,
    /// What knows other generations by their files.
    pub(super) memory: Option<&'a Memory>,
    pub(super) options: &'a CheckOptions,
    pub(super) progress: &'a dyn Progress,
}

impl Chain<'_> {
    /// Follows the digests from a verified `repomd.xml`.
    pub(super) fn follow(
        &self,
        repomd: Verified<Vec<u8>>,
        examination: &mut Examination,
    ) -> Result<()> {
        match Repomd::parse(repomd, &self.options.limits) {
            Ok(repomd) => self.from(&repomd, examination)?,
            Err(finding) => examination.report.push(*finding),
        }
        examination.report.sort();
        Ok(())
    }

    /// Follows the digests from `repomd.xml` once it is parsed.
    pub(super) fn from(
        &self,
        repomd: &Verified<Repomd>,
        examination: &mut Examination,
    ) -> Result<()> {
        if self.level == Level::Signatures {
            let weaknesses = repomd.get().weaknesses(REPOMD);
            examination.report.findings.extend(weaknesses);
            return Ok(());
        }
        let (primary, report) = self.metadata(repomd)?;
        let sound = report.outcome() == Outcome::Accepted;
        examination.report.merge(report);
        let Some(primary) = primary else {
            return Ok(());
        };
        let doubts = packages::doubts(primary.get(), repomd.get());
        examination.report.merge(doubts);
        if self.level == Level::Indices {
            return Ok(());
        }
        packages::check(self, &primary, repomd, examination)?;
        // What a rejected list should have named would only be noise.
        if sound {
            let listed = self.accounted_for(repomd.get(), primary.get())?;
            let report = surplus(self.root, None, &listed, codes::SURPLUS)?;
            examination.report.merge(report);
        }
        Ok(())
    }

    /// Checks every metadata file, and reads those that list packages.
    pub(super) fn metadata(
        &self,
        repomd: &Verified<Repomd>,
    ) -> Result<(Option<Verified<Primary>>, Report)> {
        let limits = &self.options.limits;
        let files = Files {
            root: self.root,
            memory: self.memory,
            limits,
            progress: self.progress,
        };
        let data = &repomd.get().data;
        self.progress
            .begin("checking metadata", data.len() as u64, None);
        let (of_packages, others): (Vec<_>, Vec<_>) = data
            .iter()
            .filter(|d| d.kind != "primary")
            .partition(|d| lists::is_list(d));
        let found = self.options.pool()?.install(|| {
            let load_lists = || -> Vec<(Option<Loaded>, Report)> {
                of_packages
                    .par_iter()
                    .map(|d| files.load(repomd, &d.kind))
                    .collect()
            };
            let check_others = || {
                others
                    .par_iter()
                    .map(|d| files.check(d))
                    .reduce(Report::new, merged)
            };
            let read_primary = || {
                let (loaded, mut report) = files.load(repomd, "primary");
                let primary = loaded.and_then(|loaded| loaded.primary(limits, &mut report));
                (primary, report)
            };
            let ((primary, mut report), (lists, others)) =
                rayon::join(read_primary, || rayon::join(load_lists, check_others));
            report.merge(others);
            let ids = primary.as_ref().map(|primary| Ids::of(primary.get()));
            let lists = lists
                .into_par_iter()
                .map(|(loaded, mut report)| {
                    if let Some(loaded) = loaded {
                        lists::check(loaded, ids.as_ref(), limits, &mut report);
                    }
                    report
                })
                .reduce(Report::new, merged);
            report.merge(lists);
            (primary, report)
        });
        self.progress.end();
        Ok(found)
    }

    /// Every path that is listed, or belongs to the root or to whoever publishes it.
    fn accounted_for(&self, repomd: &Repomd, primary: &Primary) -> Result<BTreeSet<SafePath>> {
        let data = repomd.data.iter().map(|d| d.location.clone());
        let packages = primary.packages.iter().map(|p| p.location.clone());
        let mut listed: BTreeSet<SafePath> = data.chain(packages).collect();
        for suffix in ["", ".asc", ".key"] {
            listed.insert(SafePath::new(&format!("{REPOMD}{suffix}"))?);
        }
        let own = SafePath::new(FOLDER)?;
        if matches!(self.root.dir(&own), Ok(Some(_))) {
            let walked = self.root.walk(Some(&own))?;
            listed.extend(walked.into_iter().flat_map(|(path, _)| path));
        }
        Ok(listed)
    }
}

fn merged(mut a: Report, b: Report) -> Report {
    a.merge(b);
    a
}

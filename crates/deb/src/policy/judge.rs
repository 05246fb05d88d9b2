//! Choosing a policy and holding a package to it.

mod hold;
mod identity;
mod select;

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{
    Certificates, Examination, Object, Profile, SignatureBlock, SignatureReport, Verifier,
};
use pkgseal_repo::{Code, Finding, Limits, Outcome};

use super::rules::{Identity, Rule};
use super::store::{self, Policies};
use crate::debsig::Role;
use crate::package::{KIND, Package, describe, open};
use crate::{Result, codes};

/// By whose words a policy is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The description's; keys by full fingerprint.
    Described,
    /// The program's, where it is not too lenient.
    Program,
}

/// How far it came, as debsig-verify tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The archive is rejected before anything else.
    Structure,
    /// No origin signature.
    Unsigned,
    /// No folder for its key.
    UnknownOrigin { issuer: String },
    /// No policy applies.
    NoPolicy { folder: PathBuf },
    /// Policies apply; whether the package passes them was not asked.
    Usable { folder: PathBuf, files: Vec<String> },
    /// A policy applies, and the package fails it.
    Failed { folder: PathBuf, file: String },
    /// It passes all that apply.
    Passed {
        folder: PathBuf,
        file: String,
        name: String,
        description: String,
    },
}

/// Judges the debsigs signatures in a package by the policies of its origin.
///
/// Certificates come from the policies' keyrings alone, and `profile` judges every
/// signature a policy asks for. A policy file that is malformed rejects: another one might
/// ask for less.
///
/// # Errors
/// When the package, a folder or a file in it cannot be read.
pub fn verify(
    path: &Path,
    policies: &Policies,
    profile: &Profile,
    now: Timestamp,
    limits: &Limits,
) -> Result<Examination> {
    let file = open(path)?;
    let setting = Setting {
        policies,
        profile,
        now,
        limits,
        dialect: Dialect::Described,
    };
    Ok(setting.judge(&file, path, Wanted::Verdict)?.examination)
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Verdict,
    List,
}

/// A decision, and everything found on the way.
pub(super) struct Judgement {
    pub(super) decision: Decision,
    pub(super) examination: Examination,
}

/// What holds for every package.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) policies: &'a Policies,
    pub(super) profile: &'a Profile,
    pub(super) now: Timestamp,
    pub(super) limits: &'a Limits,
    pub(super) dialect: Dialect,
}

impl Setting<'_> {
    pub(super) fn judge(&self, file: &File, path: &Path, wanted: Wanted) -> Result<Judgement> {
        let subject = path.display().to_string();
        let mut examination = Examination::new(KIND, &subject);
        let package = match Package::read(file, path, &[], self.limits)? {
            Ok(package) => package,
            Err(finding) => {
                examination.report.push(*finding);
                return Ok(Judgement {
                    decision: Decision::Structure,
                    examination,
                });
            }
        };
        examination.report.files = 1;
        examination.report.bytes = package.bytes();
        let mut case = Case {
            setting: *self,
            package: &package,
            issuer: String::new(),
            examination,
        };
        let mut decision = case.decide(wanted)?;
        let mut examination = case.examination;
        if let Decision::Passed { folder, file, .. } = &decision {
            let failed = Decision::Failed {
                folder: folder.clone(),
                file: file.clone(),
            };
            describe(package, &mut examination);
            if self.dialect == Dialect::Program && examination.outcome() == Outcome::Rejected {
                decision = failed;
            }
        }
        Ok(Judgement {
            decision,
            examination,
        })
    }
}

/// One package under judgement.
struct Case<'a> {
    setting: Setting<'a>,
    package: &'a Package,
    /// Who the origin signature says made it: a fingerprint, or a key ID. A hint that
    /// chooses the policy.
    issuer: String,
    examination: Examination,
}

impl Case<'_> {
    fn push(&mut self, code: Code, detail: impl Into<String>) -> &mut Finding {
        let finding = Finding::reject(code, self.package.subject.clone(), detail);
        self.examination.report.findings.push(finding);
        #[expect(clippy::expect_used, reason = "one was pushed just now")]
        let pushed = self.examination.report.findings.last_mut().expect("pushed");
        pushed
    }

    fn note(&mut self, code: Code, detail: String) {
        let finding = Finding::note(code, self.package.subject.clone(), detail);
        self.examination.report.push(finding);
    }

    fn decide(&mut self, wanted: Wanted) -> Result<Decision> {
        let Some(issuer) = self.issuer_of(&Role::ORIGIN) else {
            let detail =
                "it has no debsigs signature of the role origin, by which policies are found";
            self.push(codes::DEB_POLICY_ORIGIN, detail);
            return Ok(Decision::Unsigned);
        };
        self.issuer = issuer;
        let Some(folder) = self.beneath(&self.setting.policies.policies, None)? else {
            let issuer = self.issuer.clone();
            let detail = format!(
                "there is no folder {} for the key of its origin",
                self.setting.policies.policies.join(&issuer).display()
            );
            self.push(codes::DEB_POLICY_UNKNOWN, detail);
            return Ok(Decision::UnknownOrigin { issuer });
        };
        let usable = self.usable(&folder)?;
        if usable.is_empty() {
            let detail = format!("no policy in {} applies to it", folder.display());
            self.push(codes::DEB_POLICY_NONE, detail);
            return Ok(Decision::NoPolicy { folder });
        }
        if wanted == Wanted::List {
            let files = usable.into_iter().map(|(file, _)| file).collect();
            return Ok(Decision::Usable { folder, files });
        }
        let mut passed = None;
        for (file, policy) in usable {
            if !self.passes(&file, &policy)? {
                return Ok(Decision::Failed { folder, file });
            }
            passed.get_or_insert((file, policy));
        }
        Ok(match passed {
            Some((file, policy)) => Decision::Passed {
                folder,
                file,
                name: policy.name,
                description: policy.description,
            },
            None => Decision::NoPolicy { folder },
        })
    }

    fn report(&self, block: &SignatureBlock, certificates: &Certificates) -> SignatureReport {
        let Setting { profile, now, .. } = self.setting;
        let verifier = Verifier::new(certificates.clone(), profile.clone(), now);
        verifier.hashed(Object::Package, block, &self.package.hashes)
    }

    /// The origin's folder below `directory`, or a file in it: under the full fingerprint,
    /// and for the program also under the key ID.
    fn beneath(&self, directory: &Path, file: Option<&str>) -> Result<Option<PathBuf>> {
        let full = matches!(Identity::of(&self.issuer), Identity::Fingerprint(_));
        let mut names = Vec::new();
        if full || self.setting.dialect == Dialect::Program {
            names.push(self.issuer.as_str());
        }
        if self.setting.dialect == Dialect::Program {
            names.push(store::key_id(&self.issuer));
        }
        for name in names {
            let mut path = directory.join(name);
            if let Some(file) = file {
                path.push(file);
            }
            if store::exists(&path)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// The keyring a rule names; none when it is not there. A rule without one names the
    /// folder, which is no keyring.
    fn keyring(&self, rule: &Rule) -> Result<Option<std::result::Result<Certificates, String>>> {
        let file = rule.file.as_deref();
        let path = self.beneath(&self.setting.policies.keyrings, file)?;
        Ok(path.map(|path| match file {
            Some(_) => Policies::keyring(&path, self.setting.limits),
            None => Err("it names no keyring".to_owned()),
        }))
    }
}

//! Choosing a policy and holding a package to it.

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::{
    Certificates, Examination, Object, Profile, SignatureBlock, SignatureReport, Status, Verifier,
};
use pkgseal_repo::{Code, Finding, Limits, Outcome};

use super::rules::{Block, Identity, Kind, Policy, Rule};
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

    /// Who the first signature of a role says made it.
    fn issuer_of(&self, role: &Role) -> Option<String> {
        let (_, block) = self.package.debsigs(&role.member())?;
        let nobody = self.report(block, &Certificates::default());
        let first = nobody.signatures.first()?;
        first.issuers.first().cloned()
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

    /// Policies of the folder that apply, by name.
    fn usable(&mut self, folder: &Path) -> Result<Vec<(String, Policy)>> {
        let mut usable = Vec::new();
        for file in self.setting.policies.files(folder)? {
            match Policies::policy(&folder.join(&file), self.setting.limits) {
                Ok(policy) => {
                    if self.selects(&file, &policy)? {
                        usable.push((file, policy));
                    }
                }
                Err(what) => {
                    let detail = format!("the policy {file} is malformed: {what}");
                    match self.setting.dialect {
                        Dialect::Described => {
                            self.push(codes::DEB_POLICY_MALFORMED, detail);
                        }
                        Dialect::Program => self.note(codes::DEB_POLICY_MALFORMED, detail),
                    }
                }
            }
        }
        Ok(usable)
    }

    fn note(&mut self, code: Code, detail: String) {
        let finding = Finding::note(code, self.package.subject.clone(), detail);
        self.examination.report.push(finding);
    }

    /// Whether a policy is for this package. Nothing is verified for that.
    fn selects(&mut self, file: &str, policy: &Policy) -> Result<bool> {
        if !self.is_origin(&policy.id) {
            let detail = format!(
                "the policy {file} is not used: its Origin is {}, and the package names {}",
                policy.id, self.issuer
            );
            self.note(codes::DEB_POLICY_NONE, detail);
            return Ok(false);
        }
        for (number, block) in policy.selections.iter().enumerate() {
            let mut optional = 0;
            for rule in &block.rules {
                match self.selected_by(rule)? {
                    None => {
                        let detail = format!(
                            "the policy {file} is not used: Selection {} asks for {rule}",
                            number + 1
                        );
                        self.note(codes::DEB_POLICY_NONE, detail);
                        return Ok(false);
                    }
                    Some(present) => {
                        optional += u32::from(present && rule.kind == Kind::Optional);
                    }
                }
            }
            if optional < block.minimum_optional {
                let detail = format!(
                    "the policy {file} is not used: Selection {} asks for {} optional signatures",
                    number + 1,
                    block.minimum_optional
                );
                self.note(codes::DEB_POLICY_NONE, detail);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether an id names the key of the origin.
    fn is_origin(&self, id: &str) -> bool {
        match (Identity::of(id), self.setting.dialect) {
            (Identity::Fingerprint(id), Dialect::Described) => {
                id.eq_ignore_ascii_case(&self.issuer)
            }
            (Identity::Fingerprint(id) | Identity::KeyId(id), Dialect::Program) => {
                store::key_id(id) == store::key_id(&self.issuer)
                    && (id.len() != self.issuer.len() || id == self.issuer)
            }
            (Identity::KeyId(_) | Identity::UserId(_), _) => false,
        }
    }

    /// Whether a rule lets a policy be used, and whether its signature is there.
    fn selected_by(&self, rule: &Rule) -> Result<Option<bool>> {
        let present = self.package.layout.signature(&rule.role.member()).is_some();
        match self.setting.dialect {
            Dialect::Described => {
                if rule.kind == Kind::Reject {
                    return Ok((!present).then_some(false));
                }
                let present = match &rule.id {
                    Some(id) if present => self.named(rule, id)?,
                    _ => present,
                };
                Ok((present || rule.kind == Kind::Optional).then_some(present))
            }
            Dialect::Program => {
                let Some(keyring) = self.keyring(rule)?.and_then(std::result::Result::ok) else {
                    return Ok(None);
                };
                let found = match &rule.id {
                    Some(id) => self
                        .issuer_of(&rule.role)
                        .is_some_and(|issuer| self.same(&keyring, id, &issuer)),
                    None => self.same(&keyring, &self.issuer, &self.issuer),
                };
                let wrong = match rule.kind {
                    Kind::Required => !present,
                    Kind::Reject => present,
                    Kind::Optional => false,
                };
                Ok((found && !wrong).then_some(present))
            }
        }
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

    /// Whether the signature of a rule says that the key named by an id made it.
    fn named(&self, rule: &Rule, id: &str) -> Result<bool> {
        let Some(issuer) = self.issuer_of(&rule.role) else {
            return Ok(false);
        };
        Ok(match self.keyring(rule)? {
            Some(Ok(keyring)) => self.same(&keyring, id, &issuer),
            Some(Err(_)) | None => false,
        })
    }

    /// Whether an id and an issuer name one key of the keyring. For us an id may also be
    /// the certificate's.
    fn same(&self, keyring: &Certificates, id: &str, issuer: &str) -> bool {
        let Setting {
            profile,
            now,
            dialect,
            ..
        } = self.setting;
        keyring.iter().any(|certificate| {
            let named_by_user = dialect == Dialect::Program
                && matches!(Identity::of(id), Identity::UserId(_))
                && certificate.user_ids(now).iter().any(|user| user.text == id);
            let primary = certificate.fingerprint();
            certificate.keys(profile, now).iter().any(|key| {
                let key = key.fingerprint.as_str();
                match (dialect, Identity::of(id)) {
                    (Dialect::Described, Identity::Fingerprint(id)) => {
                        let id = id.to_ascii_uppercase();
                        key == issuer && (id == key || id == primary.as_str())
                    }
                    (Dialect::Described, Identity::KeyId(_) | Identity::UserId(_)) => false,
                    (Dialect::Program, Identity::Fingerprint(id) | Identity::KeyId(id)) => {
                        key.ends_with(id) && key.ends_with(issuer)
                    }
                    (Dialect::Program, Identity::UserId(_)) => {
                        named_by_user && key.ends_with(issuer)
                    }
                }
            })
        })
    }

    /// Holds the package to every Verification block of a policy.
    fn passes(&mut self, file: &str, policy: &Policy) -> Result<bool> {
        for (number, block) in policy.verifications.iter().enumerate() {
            if !self.passes_block(file, number + 1, block)? {
                return Ok(false);
            }
        }
        let detail = format!("it passes the policy {file} of {}", policy.name);
        self.note(codes::DEB_POLICY_PASSED, detail);
        Ok(true)
    }

    fn passes_block(&mut self, file: &str, number: usize, block: &Block) -> Result<bool> {
        let mut optional = 0;
        for (place, rule) in block.rules.iter().enumerate() {
            let cause = format!(
                "policy {file}: Verification {number}, rule {}: {rule}",
                place + 1
            );
            match self.holds(rule)? {
                Held::Absent => {}
                Held::Good => optional += u32::from(rule.kind == Kind::Optional),
                Held::Fails(code, detail) => {
                    let finding = self.push(code, detail);
                    finding.cause = Some(cause);
                    return Ok(false);
                }
            }
        }
        if optional < block.minimum_optional {
            let detail = format!(
                "{optional} of the optional signatures are there, {} are needed",
                block.minimum_optional
            );
            let finding = self.push(codes::DEB_POLICY_RULE, detail);
            finding.cause = Some(format!("policy {file}: Verification {number}, MinOptional"));
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether a rule of a Verification holds.
    fn holds(&mut self, rule: &Rule) -> Result<Held> {
        let member = rule.role.member();
        let present = self.package.layout.signature(&member).is_some();
        let fails = |detail: String| Ok(Held::Fails(codes::DEB_POLICY_RULE, detail));
        match (rule.kind, present) {
            (Kind::Reject, true) => return fails(format!("it has a member {member}")),
            // With an id, the program wants a signature that then fails the rule.
            (Kind::Reject, false)
                if rule.id.is_none() || self.setting.dialect == Dialect::Described =>
            {
                return Ok(Held::Absent);
            }
            (Kind::Optional, false)
                if rule.id.is_none() || self.setting.dialect == Dialect::Described =>
            {
                return self.absent(rule);
            }
            (_, false) => return fails(format!("it has no member {member}")),
            (Kind::Required | Kind::Optional, true) => {}
        }
        let keyring = match self.keyring(rule)? {
            Some(Ok(keyring)) => keyring,
            Some(Err(what)) => {
                return Ok(Held::Fails(
                    codes::DEB_POLICY_KEYRING,
                    self.keyring_fault(rule, &what),
                ));
            }
            None => {
                let detail = self.keyring_fault(rule, "there is no such file");
                return Ok(Held::Fails(codes::DEB_POLICY_KEYRING, detail));
            }
        };
        if let Some(id) = &rule.id {
            if self.setting.dialect == Dialect::Described
                && !matches!(Identity::of(id), Identity::Fingerprint(_))
            {
                let detail = format!("its id {id:?} is no full fingerprint and identifies no key");
                return Ok(Held::Fails(codes::DEB_POLICY_KEY_ID, detail));
            }
            if !self.named(rule, id)? {
                let issuer = self.issuer_of(&rule.role);
                // An optional signature of somebody else counts as absent.
                if rule.kind == Kind::Optional && self.setting.dialect == Dialect::Described {
                    return self.absent(rule);
                }
                return fails(format!(
                    "{member} names {} as its signer, and the rule asks for {id}",
                    issuer.as_deref().unwrap_or("nobody")
                ));
            }
        }
        Ok(self.good(rule, &keyring))
    }

    /// A rule whose signature is absent still needs its keyring, for the program.
    fn absent(&self, rule: &Rule) -> Result<Held> {
        if self.setting.dialect == Dialect::Program && self.keyring(rule)?.is_none() {
            let detail = self.keyring_fault(rule, "there is no such file");
            return Ok(Held::Fails(codes::DEB_POLICY_KEYRING, detail));
        }
        Ok(Held::Absent)
    }

    fn keyring_fault(&self, rule: &Rule, what: &str) -> String {
        let folder = self.setting.policies.keyrings.join(&self.issuer);
        let file = rule.file.as_deref().unwrap_or_default();
        format!("the keyring {}: {what}", folder.join(file).display())
    }

    /// Whether every signature of the rule's role is good by keys of its keyring, and young
    /// enough.
    fn good(&mut self, rule: &Rule, keyring: &Certificates) -> Held {
        let member = rule.role.member();
        let Some((signature, block)) = self.package.debsigs(&member) else {
            let detail = format!("{member} holds no debsigs signature");
            return Held::Fails(codes::DEB_POLICY_RULE, detail);
        };
        let report = self.report(block, keyring);
        let every = report
            .signatures
            .iter()
            .all(|one| one.status == Status::Good);
        let accepted = report.is_accepted() && every && self.by_the_right_one(rule, &report);
        let old = rule.expiry.and_then(|days| self.older(&report, days));
        let object = signature.object.clone();
        let seen = &self.examination.signatures;
        if !seen
            .iter()
            .any(|one| one.object == object && one.report == report)
        {
            self.examination.add_signatures(object, report);
        }
        if !accepted {
            let detail = format!("{member} is not good by the keyring the policy names");
            return Held::Fails(codes::DEB_POLICY_RULE, detail);
        }
        match old {
            Some(detail) => Held::Fails(codes::DEB_POLICY_EXPIRED, detail),
            None => Held::Good,
        }
    }

    /// What was verified is by the key that the rule's id names, not only the hint.
    fn by_the_right_one(&self, rule: &Rule, report: &SignatureReport) -> bool {
        let Some(id) = &rule.id else {
            return true;
        };
        let Some(first) = report.signatures.first() else {
            return false;
        };
        let (Some(certificate), Some(key)) = (&first.certificate, &first.key) else {
            return false;
        };
        match Identity::of(id) {
            Identity::Fingerprint(id) => {
                let id = id.to_ascii_uppercase();
                id == key.as_str()
                    || (self.setting.dialect == Dialect::Described && id == certificate.as_str())
            }
            Identity::KeyId(id) => key.as_str().ends_with(id),
            // Only the program goes by it, and it was compared with the keyring.
            Identity::UserId(id) => first.user_id.is_some() && !id.is_empty(),
        }
    }

    /// Says so when a signature is older than it may be.
    fn older(&self, report: &SignatureReport, days: u32) -> Option<String> {
        let created = report
            .signatures
            .iter()
            .filter_map(|one| one.created)
            .min()?;
        let most = SignedDuration::from_hours(24 * i64::from(days));
        let now = self.setting.now;
        (now.duration_since(created) > most).then(|| {
            format!("it was signed at {created}, and may be no older than {days} days at {now}")
        })
    }
}

/// What became of a rule.
enum Held {
    /// Its signature is not there, and need not be.
    Absent,
    Good,
    Fails(Code, String),
}

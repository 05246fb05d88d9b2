//! Holding a package to the policy that was chosen.

use jiff::SignedDuration;
use pkgseal_openpgp::{Certificates, SignatureReport, Status};
use pkgseal_repo::Code;

use super::super::rules::{Block, Identity, Kind, Policy, Rule};
use super::{Case, Dialect};
use crate::{Result, codes};

/// What became of a rule.
enum Held {
    /// Its signature is not there, and need not be.
    Absent,
    Good,
    Fails(Code, String),
}

impl Case<'_> {
    /// Holds the package to every Verification block of a policy.
    pub(super) fn passes(&mut self, file: &str, policy: &Policy) -> Result<bool> {
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

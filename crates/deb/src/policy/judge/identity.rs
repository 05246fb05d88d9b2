//! Whether ids, issuers and signatures name one key.

use pkgseal_openpgp::{Certificates, SignatureReport};

use super::super::rules::{Identity, Rule};
use super::super::store;
use super::{Case, Dialect, Setting};
use crate::Result;
use crate::debsig::Role;

impl Case<'_> {
    /// Who the first signature of a role says made it.
    pub(super) fn issuer_of(&self, role: &Role) -> Option<String> {
        let (_, block) = self.package.debsigs(&role.member())?;
        let nobody = self.report(block, &Certificates::default());
        let first = nobody.signatures.first()?;
        first.issuers.first().cloned()
    }

    /// Whether an id names the key of the origin.
    pub(super) fn is_origin(&self, id: &str) -> bool {
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

    /// Whether the signature of a rule says that the key named by an id made it.
    pub(super) fn named(&self, rule: &Rule, id: &str) -> Result<bool> {
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
    pub(super) fn same(&self, keyring: &Certificates, id: &str, issuer: &str) -> bool {
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

    /// What was verified is by the key that the rule's id names, not only the hint.
    pub(super) fn by_the_right_one(&self, rule: &Rule, report: &SignatureReport) -> bool {
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
}

//! Revocations that stop counting.

use openpgp::Cert;
use openpgp::packet::Signature;
use pkgseal_repo::Severity;
use sequoia_openpgp as openpgp;

use super::Examination;
use crate::codes::doctor as codes;
use crate::doctor::part::{fingerprint, is_weak};
use crate::doctor::{Part, Remedy, words};

impl Examination {
    /// Revocations that stop counting.
    pub(super) fn revocations(&mut self, cert: &Cert) {
        let primary = cert
            .primary_key()
            .self_revocations()
            .map(|s| (Part::Primary, s));
        let user_ids = cert.userids().flat_map(|user_id| {
            let text = String::from_utf8_lossy(user_id.userid().value()).into_owned();
            user_id
                .self_revocations()
                .map(move |signature| (Part::UserId(text.clone()), signature))
        });
        let subkeys = cert.keys().subkeys().flat_map(|subkey| {
            let part = Part::Subkey(fingerprint(&subkey.key().fingerprint()));
            subkey
                .self_revocations()
                .map(move |signature| (part.clone(), signature))
                .collect::<Vec<_>>()
        });
        let all: Vec<(Part, &Signature)> = primary.chain(user_ids).chain(subkeys).collect();
        for (part, revocation) in &all {
            let strong = all
                .iter()
                .any(|(other, signature)| other == part && !is_weak(signature));
            if is_weak(revocation) && !strong {
                let detail = format!(
                    "{part}: its revocation uses {}, which clients stop counting: the part comes back to life there",
                    words::digest(revocation.hash_algo())
                );
                let finding = self
                    .finding(codes::WEAK_REVOCATION, Severity::Warning, detail)
                    .hint("revoke it anew: pkgseal key revoke");
                self.add(finding, part.clone(), None, Remedy::Revoke);
            }
        }
    }
}

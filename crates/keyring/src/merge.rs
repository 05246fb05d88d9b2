//! Several keyrings as one.

mod revoke;

use std::collections::BTreeSet;

use pkgseal_openpgp::{Certificate, Certificates, Fingerprint};
use pkgseal_repo::Finding;

use crate::Result;
pub use revoke::Revocations;

use crate::canonical::{Extent, Wanted, canonical, cert, fresh};
use crate::codes::tools as codes;
use crate::pictures::pictures;

/// A keyring made of others.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// In order of fingerprint, each in its canonical form.
    pub certificates: Certificates,
    /// What was left out unasked, and which revocations are in it.
    pub findings: Vec<Finding>,
}

impl Made {
    /// The finding that there is nothing to write, where that is so: whoever did not ask
    /// for an empty keyring would lock everybody out.
    pub fn refuses_empty(&self, subject: &str) -> Option<Finding> {
        self.certificates.is_empty().then(|| {
            let detail = "no certificate is left, and nothing was written";
            Finding::reject(codes::EMPTY, subject, detail)
        })
    }
}

/// Merges keyrings: every certificate once, with the packets of all its copies. The newest
/// self-signatures are therefore in it, and so is each revocation that any copy has.
///
/// The result depends on the inputs alone, not on their order; `name`s of the inputs stand
/// in findings about revocations that only some of them know.
///
/// # Errors
/// [`Error::OpenPgp`](crate::Error::OpenPgp) when a certificate cannot be written so that
/// it reads back.
pub fn merge(inputs: &[(String, Certificates)], extent: Extent) -> Result<Made> {
    let copies = inputs.iter().flat_map(|(_, one)| one.iter()).map(fresh);
    let all = Certificates::new(copies.collect::<Result<Vec<_>>>()?);
    let mut made = trim(&all, extent)?;
    for certificate in made.certificates.iter() {
        made.findings.extend(revocations(certificate, inputs)?);
    }
    Ok(made)
}

/// Every certificate in its canonical form.
///
/// # Errors
/// As [`merge`].
pub fn trim(certificates: &Certificates, extent: Extent) -> Result<Made> {
    let mut findings = Vec::new();
    let mut kept = Vec::with_capacity(certificates.len());
    for certificate in certificates.iter() {
        let one = canonical(certificate, &Wanted::all(extent))?;
        findings.extend(one.findings);
        kept.push(one.certificate);
    }
    Ok(Made {
        certificates: Certificates::new(kept),
        findings,
    })
}

/// What the certificate revokes, and which inputs did not know.
fn revocations(merged: &Certificate, inputs: &[(String, Certificates)]) -> Result<Option<Finding>> {
    let fingerprint = merged.fingerprint();
    let parts = revoked(merged)?;
    if parts.is_empty() {
        return Ok(None);
    }
    let mut ignorant = Vec::new();
    for (name, certificates) in inputs {
        if let Some(copy) = certificates.get(&fingerprint)
            && !parts.is_subset(&revoked(copy)?)
        {
            ignorant.push(name.as_str());
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let mut detail = format!("revoked, and that is kept: {}", parts.join(", "));
    if !ignorant.is_empty() {
        detail.push_str(&format!("; not known to {}", ignorant.join(", ")));
    }
    let finding = Finding::note(codes::REVOKED, fingerprint.to_string(), detail);
    Ok(Some(finding))
}

/// The parts of a certificate that its own key revoked.
pub(crate) fn revoked(certificate: &Certificate) -> Result<BTreeSet<String>> {
    let cert = cert(certificate)?;
    let mut parts = BTreeSet::new();
    if cert.primary_key().self_revocations().next().is_some() {
        parts.insert("the certificate".to_owned());
    }
    for user_id in cert.userids() {
        if user_id.self_revocations().next().is_some() {
            let text = String::from_utf8_lossy(user_id.userid().value());
            parts.insert(format!("the user ID {text}"));
        }
    }
    for picture in pictures(&cert).iter().filter(|picture| picture.revoked) {
        parts.insert(format!("the {}", picture.name));
    }
    for subkey in cert.keys().subkeys() {
        if subkey.self_revocations().next().is_some() {
            parts.insert(format!(
                "the subkey {}",
                subkey.key().fingerprint().to_hex()
            ));
        }
    }
    Ok(parts)
}

/// Whether a certificate has this fingerprint, or a key in it.
pub(crate) fn holds(certificate: &Certificate, wanted: &Fingerprint) -> Result<bool> {
    if certificate.fingerprint() == *wanted {
        return Ok(true);
    }
    let cert = cert(certificate)?;
    Ok(cert
        .keys()
        .any(|key| key.key().fingerprint().to_hex() == wanted.as_str()))
}

#[cfg(test)]
mod tests;

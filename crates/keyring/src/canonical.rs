//! Certificates in one canonical form: the same packets, whatever order they came in.
//!
//! What is written is what can be believed: a signature of the certificate's own that does
//! not verify is left out, and said. Good ones stay however old they are: rpm judges a
//! certificate as of the day of a signature, so that old self-signatures prove old packages.

use std::collections::HashSet;

use openpgp::packet::Signature;
use openpgp::packet::signature::subpacket::SubpacketTag;
use openpgp::parse::Parse;
use openpgp::serialize::Marshal;
use openpgp::types::SignatureType;
use openpgp::{Cert, KeyHandle, Packet};
use pkgseal_openpgp::{Certificate, Fingerprint};
use pkgseal_repo::Finding;
use sequoia_openpgp as openpgp;

use crate::codes::tools as codes;
use crate::{Error, Result};

/// How much of each certificate is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Every packet that is not known to be bad, what others signed on it included.
    Everything,
    /// Its own packets: certifications by others are left out, revocations by revokers it
    /// names are not.
    #[default]
    Own,
    /// What verifying needs: keys, user IDs, and every good self-signature, old ones too.
    /// Pictures, hints outside the signed part, and parts of unknown kinds go as well.
    Minimal,
}

/// Which parts of a certificate are wanted.
pub(crate) struct Wanted<'a> {
    pub(crate) extent: Extent,
    pub(crate) user_id: &'a dyn Fn(&[u8]) -> bool,
    pub(crate) subkey: &'a dyn Fn(&Fingerprint) -> bool,
}

impl Wanted<'_> {
    /// All parts.
    pub(crate) fn all(extent: Extent) -> Self {
        Self {
            extent,
            user_id: &|_| true,
            subkey: &|_| true,
        }
    }
}

/// A certificate in its canonical form, and what was left out without being asked for.
#[derive(Debug)]
pub(crate) struct Canonical {
    pub(crate) certificate: Certificate,
    pub(crate) findings: Vec<Finding>,
}

/// Sequoia's view of a certificate, as if it had just been read: nothing that was done to
/// other copies of it changes a byte.
pub(crate) fn cert(certificate: &Certificate) -> Result<Cert> {
    Cert::from_bytes(&certificate.to_binary())
        .map_err(|error| unreadable(certificate, error.to_string()))
}

/// A copy as if it had just been read. Verifying a signature notes its issuer, which merging
/// would write down: what is merged must not depend on who looked at it before.
pub(crate) fn fresh(certificate: &Certificate) -> Result<Certificate> {
    reread(certificate, &certificate.to_binary())
}

/// The fingerprint of a key, as ours.
pub(crate) fn fingerprint(fingerprint: &openpgp::Fingerprint) -> Option<Fingerprint> {
    Fingerprint::parse(&fingerprint.to_hex())
}

fn unreadable(certificate: &Certificate, reason: String) -> Error {
    Error::OpenPgp(pkgseal_openpgp::Error::Key {
        key: certificate.fingerprint().to_string(),
        reason,
    })
}

/// The canonical form of the wanted parts.
pub(crate) fn canonical(certificate: &Certificate, wanted: &Wanted<'_>) -> Result<Canonical> {
    let cert = cert(certificate)?;
    let mut writer = Writer {
        extent: wanted.extent,
        bytes: Vec::new(),
        revokers: revokers(&cert),
        certifications: 0,
        extras: 0,
        failed: None,
    };
    let mut findings = Vec::new();
    let subject = certificate.fingerprint().to_string();
    // Of a bare key nothing is proven, and nothing but the parts is there to keep.
    let loose = wanted.extent == Extent::Everything || certificate.is_bare();

    writer.packet(Packet::from(cert.primary_key().key().clone()));
    let primary = cert.primary_key();
    writer.signatures(&Signatures {
        own: primary
            .self_revocations()
            .chain(primary.self_signatures())
            .collect(),
        designated: primary.other_revocations().collect(),
        others: primary.certifications().collect(),
    });

    for user_id in cert.userids() {
        let value = user_id.userid().value();
        if !(wanted.user_id)(value) {
            continue;
        }
        let signatures = Signatures {
            own: user_id
                .self_revocations()
                .chain(user_id.self_signatures())
                .collect(),
            designated: user_id.other_revocations().collect(),
            others: user_id
                .certifications()
                .chain(user_id.approvals())
                .collect(),
        };
        if signatures.own.is_empty() && !loose {
            let detail = format!(
                "the user ID {} has no self-signature, so that anybody may have added it: left out",
                String::from_utf8_lossy(value)
            );
            findings.push(Finding::warning(codes::UNBOUND, &subject, detail));
            continue;
        }
        writer.packet(Packet::from(user_id.userid().clone()));
        writer.signatures(&signatures);
    }

    for attribute in cert.user_attributes() {
        let signatures = Signatures {
            own: attribute
                .self_revocations()
                .chain(attribute.self_signatures())
                .collect(),
            designated: attribute.other_revocations().collect(),
            others: attribute
                .certifications()
                .chain(attribute.approvals())
                .collect(),
        };
        if wanted.extent == Extent::Minimal || (signatures.own.is_empty() && !loose) {
            writer.extras += 1;
            continue;
        }
        writer.packet(Packet::from(attribute.user_attribute().clone()));
        writer.signatures(&signatures);
    }

    let bad: Vec<&Signature> = cert.bad_signatures().collect();
    let mut kept_after_all = HashSet::new();
    for subkey in cert.keys().subkeys() {
        let Some(own) = fingerprint(&subkey.key().fingerprint()) else {
            continue;
        };
        if !(wanted.subkey)(&own) {
            continue;
        }
        let mut signatures = Signatures {
            own: subkey
                .self_revocations()
                .chain(subkey.self_signatures())
                .collect(),
            designated: subkey.other_revocations().collect(),
            others: subkey.certifications().collect(),
        };
        // The primary key did sign these; only the subkey did not sign back.
        for (place, signature) in bad.iter().enumerate() {
            if binds(&cert, signature, subkey.key().role_as_subordinate()) {
                kept_after_all.insert(place);
                signatures.own.push(signature);
            }
        }
        if signatures.own.is_empty() && !loose {
            let detail =
                format!("the subkey {own} has no valid binding by the primary key: left out");
            findings.push(Finding::warning(codes::UNBOUND, &subject, detail));
            continue;
        }
        writer.packet(Packet::from(subkey.key().role_as_subordinate().clone()));
        writer.signatures(&signatures);
    }

    for unknown in cert.unknowns() {
        if wanted.extent == Extent::Everything {
            writer.packet(Packet::from(unknown.unknown().clone()));
            writer.signatures(&Signatures {
                own: unknown.signatures().collect(),
                ..Signatures::default()
            });
        } else {
            writer.extras += 1;
        }
    }

    let own = cert.key_handle();
    for (place, signature) in bad.into_iter().enumerate() {
        if kept_after_all.contains(&place) {
            continue;
        }
        let issuers = signature.get_issuers();
        if issuers.is_empty() || issuers.iter().any(|issuer| issuer.aliases(&own)) {
            let detail = format!("a bad {} is left out", words(signature));
            findings.push(Finding::warning(
                codes::BAD_SELF_SIGNATURE,
                &subject,
                detail,
            ));
        } else {
            writer.certifications += 1;
        }
    }
    findings.dedup();
    findings.extend(writer.left_out(&subject));
    if let Some(reason) = writer.failed {
        return Err(unreadable(certificate, reason));
    }
    let certificate = reread(certificate, &writer.bytes)?;
    Ok(Canonical {
        certificate,
        findings,
    })
}

/// Our own reader has to agree that this is one certificate, and which.
fn reread(before: &Certificate, bytes: &[u8]) -> Result<Certificate> {
    let (mut read, errors) = Certificate::parse_all(bytes);
    match (read.pop(), read.is_empty(), errors.first()) {
        (Some(after), true, None) if after.fingerprint() == before.fingerprint() => Ok(after),
        (.., error) => {
            let reason = error.map_or("something else was read back", |error| &error.reason);
            Err(unreadable(
                before,
                format!("what was written of it: {reason}"),
            ))
        }
    }
}

/// Who may revoke the certificate in its place (RFC 9580, 5.2.3.23).
fn revokers(cert: &Cert) -> Vec<KeyHandle> {
    let primary = cert.primary_key();
    primary
        .self_signatures()
        .chain(cert.userids().flat_map(|user_id| user_id.self_signatures()))
        .flat_map(|signature| signature.revocation_keys())
        .map(|revoker| KeyHandle::from(revoker.revoker().1.clone()))
        .collect()
}

/// Whether the primary key made this binding of the subkey, whatever else is wrong with it.
fn binds(
    cert: &Cert,
    signature: &Signature,
    subkey: &openpgp::packet::Key<
        openpgp::packet::key::PublicParts,
        openpgp::packet::key::SubordinateRole,
    >,
) -> bool {
    if !matches!(
        signature.typ(),
        SignatureType::SubkeyBinding | SignatureType::SubkeyRevocation
    ) {
        return false;
    }
    let primary = cert.primary_key();
    let digest = || -> openpgp::Result<Vec<u8>> {
        let mut context = signature
            .hash_algo()
            .context()?
            .for_signature(signature.version());
        signature.hash_subkey_binding(&mut context, primary.key(), subkey)?;
        context.into_digest()
    };
    digest().is_ok_and(|digest| {
        primary
            .key()
            .verify(signature.mpis(), signature.hash_algo(), &digest)
            .is_ok()
    })
}

/// The signatures on a part.
#[derive(Default)]
struct Signatures<'a> {
    own: Vec<&'a Signature>,
    /// Revocations by others; those by revokers the certificate names count.
    designated: Vec<&'a Signature>,
    others: Vec<&'a Signature>,
}

struct Writer {
    extent: Extent,
    bytes: Vec<u8>,
    revokers: Vec<KeyHandle>,
    certifications: usize,
    extras: usize,
    failed: Option<String>,
}

impl Writer {
    fn packet(&mut self, packet: Packet) {
        if let Err(error) = packet.serialize(&mut self.bytes) {
            self.failed = Some(error.to_string());
        }
    }

    fn signatures(&mut self, signatures: &Signatures<'_>) {
        for signature in &signatures.own {
            self.signature(signature);
        }
        for signature in &signatures.designated {
            let issuers = signature.get_issuers();
            let named = issuers
                .iter()
                .any(|issuer| self.revokers.iter().any(|revoker| revoker.aliases(issuer)));
            self.other(signature, named);
        }
        for signature in &signatures.others {
            self.other(signature, false);
        }
    }

    fn other(&mut self, signature: &Signature, counts: bool) {
        if counts || self.extent == Extent::Everything {
            self.signature(signature);
        } else {
            self.certifications += 1;
        }
    }

    fn signature(&mut self, signature: &Signature) {
        let mut signature = signature.clone();
        if self.extent == Extent::Minimal {
            let tags: Vec<SubpacketTag> = signature
                .unhashed_area()
                .iter()
                .map(|subpacket| subpacket.tag())
                .filter(|tag| {
                    !matches!(
                        tag,
                        SubpacketTag::Issuer
                            | SubpacketTag::IssuerFingerprint
                            | SubpacketTag::EmbeddedSignature
                    )
                })
                .collect();
            for tag in tags {
                signature.unhashed_area_mut().remove_all(tag);
            }
        }
        self.packet(Packet::from(signature));
    }

    fn left_out(&self, subject: &str) -> Option<Finding> {
        let counted = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("one {one}")),
            _ => Some(format!("{count} {many}")),
        };
        let parts: Vec<String> = [
            counted(
                self.certifications,
                "signature by another",
                "signatures by others",
            ),
            counted(
                self.extras,
                "picture or part of an unknown kind",
                "pictures or parts of unknown kinds",
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| {
            let detail = format!("left out: {}", parts.join(", "));
            Finding::note(codes::LEFT_OUT, subject, detail)
        })
    }
}

/// What a signature is, and when it was made.
fn words(signature: &Signature) -> String {
    let what = match signature.typ() {
        SignatureType::SubkeyBinding => "binding of a subkey",
        SignatureType::KeyRevocation
        | SignatureType::SubkeyRevocation
        | SignatureType::CertificationRevocation => "revocation",
        SignatureType::DirectKey => "direct-key self-signature",
        _ => "self-signature",
    };
    match signature
        .signature_creation_time()
        .and_then(|made| jiff::Timestamp::try_from(made).ok())
    {
        Some(made) => format!("{what} of {made}"),
        None => format!("{what} without a time"),
    }
}

//! The facts of one signature, and its status.

use jiff::Timestamp;
use openpgp::packet::Signature;
use openpgp::types::SignatureType;
use pkgseal_repo::{Code, Finding, hex};
use sequoia_openpgp as openpgp;

use crate::algorithm::Algorithm;
use crate::block::Packet;
use crate::certificates::Candidate;
use crate::keystate;
use crate::plan::NoDigest;
use crate::profile::TextForm;
use crate::{
    Certificates, Fingerprint, Hashes, Mathematics, Object, Profile, SignatureFacts, Status, codes,
    names, time,
};

mod fitness;
mod reasons;

use fitness::Fitness;
pub(crate) use fitness::again;

/// What a signature is judged against.
pub(crate) struct Context<'a> {
    pub(crate) certificates: &'a Certificates,
    pub(crate) profile: &'a Profile,
    pub(crate) now: Timestamp,
    pub(crate) object: Object,
    /// Whether the data is the text of a clearsigned message.
    pub(crate) cleartext: bool,
}

/// Judges one signature.
pub(crate) fn facts(
    context: &Context<'_>,
    index: usize,
    packet: &Packet,
    hashes: &Hashes,
) -> SignatureFacts {
    match packet {
        Packet::Known(signature) => Judge { context, signature }.judge(index, hashes),
        Packet::Unknown { version, reason } => unknown(index, *version, reason),
    }
}

fn unknown(index: usize, version: u8, reason: &str) -> SignatureFacts {
    let (status, finding) = if matches!(version, 3 | 4 | 6) {
        (
            Status::Malformed,
            Finding::reject(
                codes::MALFORMED,
                "",
                format!("the signature packet cannot be read: {reason}"),
            )
            .hint("fetch the signature again"),
        )
    } else {
        (
            Status::Unsupported,
            reasons::unsupported(&format!("a signature of version {version}")),
        )
    };
    SignatureFacts {
        index,
        digest: None,
        version,
        form: "unknown".to_owned(),
        public_key_algorithm: "unknown".to_owned(),
        digest_algorithm: "unknown".to_owned(),
        created: None,
        expires: None,
        issuers: Vec::new(),
        certificate: None,
        key: None,
        user_id: None,
        mathematics: Mathematics::NotChecked,
        when_signed: None,
        now: None,
        status,
        reason: Some(finding),
        notes: Vec::new(),
    }
}

struct Judge<'a> {
    context: &'a Context<'a>,
    signature: &'a Signature,
}

impl Judge<'_> {
    fn judge(&self, index: usize, hashes: &Hashes) -> SignatureFacts {
        let mut blank = self.blank(index);
        if let Some((status, reason)) = self.structure(hashes) {
            return rejected(blank, status, reason);
        }
        let digest = match hashes.digest(self.signature) {
            Ok(digest) => digest,
            Err(NoDigest::NotComputed) => {
                let reason = reasons::unsupported(&blank.digest_algorithm);
                return rejected(blank, Status::Unsupported, reason);
            }
            Err(NoDigest::Collision) => {
                let detail = format!(
                    "the content was made to collide under {}: there is another one with this digest",
                    blank.digest_algorithm
                );
                let reason = Finding::reject(codes::WEAK_DIGEST, "", detail)
                    .hint("somebody made this on purpose: keep the file, and tell the publisher");
                return rejected(blank, Status::WeakAlgorithm, reason);
            }
        };
        blank.digest = Some(hex::encode(&digest));
        let prefix = digest.get(..2) == Some(self.signature.digest_prefix().as_slice());
        let issuers = self.signature.get_issuers();
        let best = self
            .context
            .certificates
            .candidates(&issuers)
            .into_iter()
            .map(|candidate| self.against(blank.clone(), &candidate, &digest, prefix))
            .min_by_key(rank);
        match best {
            Some(facts) if !self.shares_only_a_key_id(&facts) => facts,
            _ => reasons::missing(blank, prefix),
        }
    }

    fn blank(&self, index: usize) -> SignatureFacts {
        let signature = self.signature;
        SignatureFacts {
            index,
            digest: None,
            version: signature.version(),
            form: match signature.typ() {
                SignatureType::Binary => "binary".to_owned(),
                SignatureType::Text => "text".to_owned(),
                other => other.to_string(),
            },
            public_key_algorithm: names::algorithm_name(signature.pk_algo()),
            digest_algorithm: names::digest(signature.hash_algo()),
            created: signature.signature_creation_time().map(time::timestamp),
            expires: signature.signature_expiration_time().map(time::timestamp),
            issuers: issuers(signature),
            certificate: None,
            key: None,
            user_id: None,
            mathematics: Mathematics::NotChecked,
            when_signed: None,
            now: None,
            status: Status::Unsupported,
            reason: None,
            notes: Vec::new(),
        }
    }

    /// What forbids the signature whoever made it.
    fn structure(&self, hashes: &Hashes) -> Option<(Status, Finding)> {
        let signature = self.signature;
        let malformed = |code: Code, detail: &str| {
            let reason = Finding::reject(code, "", detail).hint(reasons::SIGN_AGAIN);
            Some((Status::Malformed, reason))
        };
        match signature.typ() {
            SignatureType::Binary if self.context.cleartext => {
                return malformed(
                    codes::WRONG_FORM,
                    "a binary signature in a clearsigned message, where only a text signature is defined",
                );
            }
            SignatureType::Binary => {}
            SignatureType::Text if self.context.cleartext => {}
            SignatureType::Text => {
                if let Some(reason) = self.text_on_a_file(hashes) {
                    return Some((Status::Malformed, reason));
                }
            }
            other => {
                return malformed(
                    codes::WRONG_FORM,
                    &format!("this signature is over something else than a file: {other}"),
                );
            }
        }
        if signature.signature_creation_time().is_none() {
            return malformed(
                codes::MALFORMED,
                "the signature does not say when it was made",
            );
        }
        if signature.version() == 6 {
            let expected = signature.hash_algo().salt_size().ok();
            if expected.is_none() || expected != signature.salt().map(<[u8]>::len) {
                return malformed(
                    codes::MALFORMED,
                    "the salt does not have the length its digest algorithm asks for",
                );
            }
        }
        if !signature.pk_algo().is_supported() {
            let name = names::algorithm_name(signature.pk_algo());
            return Some((Status::Unsupported, reasons::unsupported(&name)));
        }
        let what = keystate::critical_unknown(signature)?;
        let reason = Finding::reject(codes::UNSUPPORTED, "", what).because(
            "RFC 9580, 5.2.3.7: a critical subpacket that is not understood voids the signature",
        )
        .hint("ask the publisher for a signature without it");
        Some((Status::Unsupported, reason))
    }

    fn text_on_a_file(&self, hashes: &Hashes) -> Option<Finding> {
        let rule = self.context.profile.text_form(self.context.object);
        let ends = hashes.line_ends();
        let refuse = |detail: &str| {
            Some(
                Finding::reject(codes::WRONG_FORM, "", detail)
                    .because(rule.line.clone())
                    .hint("ask the signer for a binary signature (gpg without --textmode)"),
            )
        };
        match rule.value {
            TextForm::Reject => refuse(
                "a text signature, which leaves line ends open; this kind of file needs a binary one",
            ),
            _ if ends.lone => refuse(
                "a text signature on a file with lone carriage returns: readers disagree on what is signed",
            ),
            TextForm::LfOnly if ends.carriage_return => {
                refuse("a text signature on a file with carriage returns, which it does not cover")
            }
            TextForm::LfOnly | TextForm::Accept => None,
        }
    }

    /// A signature that names another signer in full, and that a key with the same key
    /// ID did not make, is by that other signer: not a bad one by this key.
    fn shares_only_a_key_id(&self, facts: &SignatureFacts) -> bool {
        let mut named = self.signature.issuer_fingerprints().peekable();
        facts.status != Status::Good
            && facts.mathematics != Mathematics::Good
            && named.peek().is_some()
            && !named.any(|named| facts.key.as_ref() == Some(&Fingerprint::of(named)))
    }

    fn against(
        &self,
        blank: SignatureFacts,
        candidate: &Candidate<'_>,
        digest: &[u8],
        prefix: bool,
    ) -> SignatureFacts {
        let key = candidate.key.key();
        let algorithm = Algorithm::of(key);
        let mut facts = SignatureFacts {
            certificate: Some(candidate.certificate.fingerprint()),
            key: Some(Fingerprint::of(&key.fingerprint())),
            user_id: candidate.certificate.user_id(),
            public_key_algorithm: algorithm.name.clone(),
            ..blank
        };
        let signature = self.signature;
        if (signature.version() == 6) != (key.version() == 6) {
            let reason = Finding::reject(
                codes::MALFORMED,
                "",
                format!(
                    "a version {} signature cannot be by a version {} key",
                    signature.version(),
                    key.version()
                ),
            )
            .hint(reasons::SIGN_AGAIN);
            return rejected(facts, Status::Malformed, reason);
        }
        if !algorithm.supported {
            return rejected(
                facts,
                Status::Unsupported,
                reasons::unsupported(&algorithm.name),
            );
        }
        // Not through sequoia's cache of good signatures, which never forgets.
        let checked = key.verify(signature.mpis(), signature.hash_algo(), digest);
        match checked {
            Ok(()) if prefix => facts.mathematics = Mathematics::Good,
            Ok(()) | Err(_) => {
                facts.mathematics = Mathematics::Bad;
                let reason = Finding::reject(
                    codes::BAD,
                    "",
                    format!(
                        "the content is not what {} signed: changed after signing, or the signature is of another file",
                        reasons::whose(&facts)
                    ),
                )
                .hint("fetch the file and its signature again, together and from one place");
                return rejected(facts, Status::Bad, reason);
            }
        }
        let digest = signature.hash_algo();
        Fitness {
            context: self.context,
            digest,
        }
        .judge(facts, candidate, &algorithm)
    }
}

/// The most favourable finding first: a signature is good if one key makes it good.
fn rank(facts: &SignatureFacts) -> u8 {
    match facts.status {
        Status::Good => u8::from(
            facts
                .notes
                .iter()
                .any(|note| note.code == codes::NOT_ALLOWED),
        ),
        Status::BadKey(_) | Status::WeakAlgorithm | Status::NotYetValid | Status::Expired => 2,
        Status::Bad => 3,
        Status::Malformed | Status::Unsupported | Status::MissingCertificate => 4,
    }
}

fn rejected(facts: SignatureFacts, status: Status, reason: Finding) -> SignatureFacts {
    SignatureFacts {
        status,
        reason: Some(reason),
        ..facts
    }
}

fn issuers(signature: &Signature) -> Vec<String> {
    let mut named: Vec<String> = signature
        .issuer_fingerprints()
        .map(openpgp::Fingerprint::to_hex)
        .collect();
    for id in signature.issuers() {
        let id = id.to_hex();
        if !named.iter().any(|known| known.ends_with(&id)) {
            named.push(id);
        }
    }
    if let Signature::V3(_) = signature {
        for handle in signature.get_issuers() {
            let id = handle.to_hex();
            if !named.contains(&id) {
                named.push(id);
            }
        }
    }
    named.dedup();
    named
}

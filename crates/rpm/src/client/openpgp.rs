//! What an rpm makes of one signature.

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::{
    BadKey, Certificate, Certificates, Hashes, Mathematics, Object, SignatureBlock, SignatureFacts,
    Status, Verifier,
};

use super::certificate::{Imported, import};
use super::packet::Packet;
use super::procedure::Verified;
use super::rules::{Fails, Generation, Parser, Rules, Unsupported};
use super::{Client, Question};

/// Seconds a signature may be ahead of the clock.
const SKEW: i64 = 300;

/// The keyring of an rpm.
pub(super) struct Keyring<'a> {
    client: &'a Client,
    now: Timestamp,
    imported: Vec<(&'a Certificate, Vec<Imported>)>,
}

/// A result, and the certificate it was reached with.
pub(super) struct Answer {
    pub(super) result: Verified,
    pub(super) certificate: Option<String>,
}

impl From<Verified> for Answer {
    fn from(result: Verified) -> Self {
        Self {
            result,
            certificate: None,
        }
    }
}

impl<'a> Keyring<'a> {
    pub(super) fn new(client: &'a Client, question: &Question<'a>) -> Self {
        let parser = client.rules.openpgp.parser;
        let imported = question.certificates.iter().map(|certificate| {
            let keys = import(
                certificate,
                parser,
                client.profile_at(question.now),
                question.now,
            );
            (certificate, keys)
        });
        Self {
            client,
            now: question.now,
            imported: imported.collect(),
        }
    }

    /// Whose hashes have to run.
    pub(super) fn verifier(&self) -> Verifier {
        Verifier::new(
            Certificates::default(),
            self.client.profile_at(self.now).clone(),
            self.now,
        )
    }

    pub(super) fn verify(
        &self,
        packet: &Packet,
        block: &SignatureBlock,
        hashes: &Hashes,
    ) -> Answer {
        if packet.form != 0 {
            return Verified::Bad.into();
        }
        let id = packet.key_id(&self.client.rules);
        match self.client.rules.openpgp.parser {
            Parser::Internal => self.internal(packet, id, block, hashes),
            Parser::Sequoia => self.sequoia(packet, id, block, hashes),
        }
    }

    /// Certificates that hold a key of this ID and algorithm, in the order of their import.
    fn holding(&self, id: [u8; 8], public_key: u8) -> impl Iterator<Item = &'a Certificate> + '_ {
        let with_id = self.imported.iter().filter_map(move |(certificate, keys)| {
            let key = keys.iter().find(|key| key.id == id)?;
            Some((*certificate, key))
        });
        // Until rpm 6 there is one key of an ID.
        let most = match self.client.rules.items.generation {
            Generation::Four => 1,
            Generation::Six => usize::MAX,
        };
        with_id
            .take(most)
            .filter(move |(_, key)| key.fits(public_key))
            .map(|(certificate, _)| certificate)
    }

    fn facts(
        &self,
        certificate: Option<&Certificate>,
        block: &SignatureBlock,
        hashes: &Hashes,
    ) -> Option<SignatureFacts> {
        let certificates = Certificates::new(certificate.cloned());
        let verifier = Verifier::new(
            certificates,
            self.client.profile_at(self.now).clone(),
            self.now,
        );
        verifier
            .hashed(Object::Package, block, hashes)
            .signatures
            .into_iter()
            .next()
    }

    /// Without a key, the first bytes of the digest still tell another content.
    fn without_key(&self, block: &SignatureBlock, hashes: &Hashes) -> Verified {
        match self
            .facts(None, block, hashes)
            .map(|facts| facts.mathematics)
        {
            Some(Mathematics::PrefixDiffers) => Verified::Bad,
            _ => Verified::NoKey,
        }
    }

    fn internal(
        &self,
        packet: &Packet,
        id: [u8; 8],
        block: &SignatureBlock,
        hashes: &Hashes,
    ) -> Answer {
        let Some(certificate) = self.holding(id, packet.public_key).next() else {
            return self.without_key(block, hashes).into();
        };
        let facts = self.facts(Some(certificate), block, hashes);
        match facts.map(|facts| facts.mathematics) {
            Some(Mathematics::Good) => Verified::Ok.into(),
            _ => Verified::Bad.into(),
        }
    }

    fn sequoia(
        &self,
        packet: &Packet,
        id: [u8; 8],
        block: &SignatureBlock,
        hashes: &Hashes,
    ) -> Answer {
        if !self.is_alive(packet) || id == [0; 8] {
            return Verified::Bad.into();
        }
        let rules = &self.client.rules;
        if rules.openpgp.unsupported == Unsupported::V6 && packet.version == 6 {
            return Verified::Bad.into();
        }
        let mut last = None;
        for certificate in self.holding(id, packet.public_key) {
            let facts = self.facts(Some(certificate), block, hashes);
            let result = facts.map_or(Verified::Bad, |facts| with_key(&facts));
            let answer = Answer {
                result,
                certificate: Some(certificate.fingerprint().to_string()),
            };
            if result == Verified::Ok {
                return answer;
            }
            last = Some(answer);
        }
        if let Some(answer) = last {
            return answer;
        }
        let without = self.without_key(block, hashes);
        // From 1.10 on, a weak signature by nobody known is not trusted either.
        if without == Verified::NoKey && rules.outcome.fails == Fails::BadAndNokey {
            let weak = matches!(packet.digest, 1..=3);
            if weak {
                return Verified::NotTrusted.into();
            }
        }
        without.into()
    }

    fn is_alive(&self, packet: &Packet) -> bool {
        let Some(created) = packet.created else {
            return false;
        };
        let Ok(created) = Timestamp::from_second(created.into()) else {
            return false;
        };
        let begun = created
            <= self
                .now
                .saturating_add(SignedDuration::from_secs(SKEW))
                .unwrap_or(self.now);
        let over = packet.valid_for.is_some_and(|seconds| {
            created
                .checked_add(SignedDuration::from_secs(seconds.into()))
                .is_ok_and(|end| end <= self.now)
        });
        begun && !over
    }
}

/// As rpm-sequoia judges with a key.
fn with_key(facts: &SignatureFacts) -> Verified {
    match (facts.mathematics, &facts.status) {
        (Mathematics::Good, Status::Good) => Verified::Ok,
        (
            Mathematics::Good,
            Status::BadKey(BadKey::Expired | BadKey::Revoked { .. }) | Status::WeakAlgorithm,
        )
        // A critical subpacket that is not understood: a matter of policy.
        | (Mathematics::NotChecked, Status::Unsupported) => Verified::NotTrusted,
        _ => Verified::Bad,
    }
}

impl Packet {
    /// The key ID rpm takes for the issuer's; zeros where there is none.
    pub(super) fn key_id(&self, rules: &Rules) -> [u8; 8] {
        let named = match rules.openpgp.parser {
            Parser::Internal => None,
            Parser::Sequoia => self.fingerprints.first().and_then(|fingerprint| {
                // Until rpm 6 the end of a fingerprint of version 6 is taken for it too.
                if self.version == 6 && rules.openpgp.unsupported != Unsupported::V6 {
                    fingerprint.first_chunk().copied()
                } else {
                    fingerprint.last_chunk().copied()
                }
            }),
        };
        named
            .or_else(|| self.key_ids.first().copied())
            .unwrap_or_default()
    }
}

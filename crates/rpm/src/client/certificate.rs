//! Which keys of a certificate an rpm has in its keyring after importing it.

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, KeyFacts, KeyState, Profile};

use super::Client;
use super::packet::{Packet, split};
use super::rules::Parser;

/// A key in the keyring.
#[derive(Clone, Debug)]
pub(super) struct Imported {
    pub(super) id: [u8; 8],
    algorithm: String,
}

impl Imported {
    /// Whether a signature by this algorithm may be by this key.
    pub(super) fn fits(&self, public_key: u8) -> bool {
        let name = self.algorithm.as_str();
        match public_key {
            1 | 3 => name.starts_with("RSA"),
            17 => name.starts_with("DSA"),
            19 => name.contains("256") || name.contains("384") || name.contains("521"),
            22 | 27 => name.starts_with("Ed25519"),
            _ => true,
        }
    }
}

/// The keys that are imported; none where the import fails.
pub(super) fn import(
    certificate: &Certificate,
    parser: Parser,
    profile: &Profile,
    now: Timestamp,
) -> Vec<Imported> {
    let keys = certificate.keys(profile, now);
    keys.iter()
        .zip(taken(certificate, parser, &keys))
        .filter(|(_, taken)| *taken)
        .filter_map(|(key, _)| {
            Some(Imported {
                id: key_id(certificate.version(), key.fingerprint.as_str())?,
                algorithm: key.algorithm.clone(),
            })
        })
        .collect()
}

fn taken(certificate: &Certificate, parser: Parser, keys: &[KeyFacts]) -> Vec<bool> {
    match parser {
        Parser::Internal => internal(certificate, keys),
        Parser::Sequoia => sequoia(keys),
    }
}

impl Client {
    /// Which keys of a certificate it has in its keyring after importing it, in the
    /// certificate's order; none of them where the import fails.
    pub fn imports(&self, certificate: &Certificate, now: Timestamp) -> Vec<bool> {
        let keys = certificate.keys(self.profile_at(now), now);
        taken(certificate, self.rules.openpgp.parser, &keys)
    }

    /// Whether it asks if a key is alive, bound and strong enough; else every key in its
    /// keyring counts.
    pub fn asks_for_key_states(&self) -> bool {
        self.rules.openpgp.parser == Parser::Sequoia
    }
}

fn key_id(version: u8, fingerprint: &str) -> Option<[u8; 8]> {
    let digits = if version == 6 {
        fingerprint.get(..16)
    } else {
        fingerprint.get(fingerprint.len().checked_sub(16)?..)
    };
    Some(u64::from_str_radix(digits?, 16).ok()?.to_be_bytes())
}

/// The policy has to accept the certificate as such; subkeys are looked at when used.
fn sequoia(keys: &[KeyFacts]) -> Vec<bool> {
    let refused = keys
        .first()
        .is_none_or(|key| matches!(key.state, KeyState::Weak { .. } | KeyState::Unbound { .. }));
    vec![!refused; keys.len()]
}

/// rpm reads the packets in their order: behind every subkey has to stand its binding. The
/// first signature behind a subkey says what it may do; nothing else is looked at. A
/// critical subpacket other than creation time, issuer and key flags, in any signature,
/// fails the import.
fn internal(certificate: &Certificate, keys: &[KeyFacts]) -> Vec<bool> {
    let none = vec![false; keys.len()];
    let known = |name: &str| {
        ["RSA", "DSA", "Ed25519"]
            .iter()
            .any(|k| name.starts_with(k))
    };
    let primary = keys.first().is_some_and(|key| known(&key.algorithm));
    if certificate.version() != 4 || !primary {
        return none;
    }
    let mut taken = vec![true];
    let bytes = certificate.to_binary();
    let mut rest = bytes.as_slice();
    let mut subkey = false;
    while let Some((tag, body, after)) = split(rest) {
        rest = after;
        // Whoever made it, a certification included.
        if tag == 2 && Packet::read(body).is_some_and(|signature| signature.critical) {
            return none;
        }
        if subkey {
            let binding = (tag == 2).then(|| Packet::read(body)).flatten();
            match binding {
                Some(binding) if binding.form == 0x18 && !binding.broken => {
                    taken.push(binding.key_flags.is_some_and(|flags| flags & 2 != 0));
                }
                _ => return none,
            }
        }
        subkey = tag == 14;
    }
    if subkey {
        return none;
    }
    let readable = keys.iter().map(|key| known(&key.algorithm));
    taken
        .into_iter()
        .zip(readable)
        .map(|(taken, readable)| taken && readable)
        .collect()
}

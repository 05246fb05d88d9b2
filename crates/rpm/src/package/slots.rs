//! Which tag a new signature goes into, and what happens to those that are there.
//!
//! | package | signatures | goes into |
//! |---|---|---|
//! | version 4 | one by RSA, ECDSA, EdDSA or DSA, OpenPGP version 4 | 268 or 267 |
//! | version 4 | several | all into 278, the first that fits into 268 or 267 as well |
//! | version 4 | none that fits 267 or 268 | refused, unless 278 is asked for |
//! | version 6 | any | 278; the first that fits into 268 or 267 as well, if asked for |
//!
//! rpm before 4.20 does not look at 278; rpm from 4.20 on does not look at the others
//! when there is a 278. There is room for one signature in 267 and 268 together.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use pkgseal_openpgp::{
    Certificate, Certificates, Fingerprint, Object, Profile, SignatureBlock, Signer, Verifier,
};

use super::read::Head;
use super::sign::{Existing, SignOptions, Tags};
use super::structure::Format;
use crate::editor::{Edited, Editor};
use crate::error::{Error, Result};
use crate::tag::SignatureTag;

/// A signature to be put in.
pub(crate) struct New {
    /// By whom.
    pub(crate) maker: Maker,
    /// On the main header: one binary packet.
    pub(crate) header: Vec<u8>,
    /// On main header and payload, where nothing else binds the payload.
    pub(crate) whole: Option<Vec<u8>>,
}

/// Who made a signature: here just now, or elsewhere.
pub(crate) struct Maker {
    pub(crate) certificate: Certificate,
    /// The very key.
    pub(crate) key: Fingerprint,
    /// Its algorithm.
    pub(crate) algorithm: String,
    /// OpenPGP version of its signatures.
    pub(crate) version: u8,
}

impl Maker {
    pub(crate) fn of(signer: &Signer) -> Self {
        Self {
            certificate: signer.certificate().clone(),
            key: signer.key(),
            algorithm: signer.algorithm(),
            version: signer.version(),
        }
    }
}

/// The header-signature tag of version 4 packages for a packet, by its public-key
/// algorithm; `None` when only tag 278 takes it (RFC 9580, 5.2.3 and 9.1).
pub(crate) fn legacy_tag(packet: &[u8]) -> Option<SignatureTag> {
    let (first, rest) = packet.split_first()?;
    let body = match (first & 0xc0, rest) {
        // New format: the length takes 1, 2 or 5 bytes.
        (0xc0, [0..=191, body @ ..] | [192..=223, _, body @ ..] | [255, _, _, _, _, body @ ..]) => {
            body
        }
        // Old format: the length takes 1, 2 or 4 bytes, as the type byte says.
        (0x80, _) => match (first & 3, rest) {
            (0, [_, body @ ..]) | (1, [_, _, body @ ..]) | (2, [_, _, _, _, body @ ..]) => body,
            _ => return None,
        },
        _ => return None,
    };
    let (version, algorithm) = match body {
        [4, _, algorithm, ..] => (4, algorithm),
        // Version 3: hashed length, type, time and key ID come first.
        [3, _, _, _, _, _, _, _, _, _, _, _, _, _, _, algorithm, ..] => (3, algorithm),
        _ => return None,
    };
    match (version, algorithm) {
        (_, 1 | 3) => Some(SignatureTag::RSA),
        (_, 17) | (4, 19 | 22) => Some(SignatureTag::DSA),
        _ => None,
    }
}

/// The header+payload tag that goes with a header tag.
pub(crate) fn whole_tag(tag: SignatureTag) -> SignatureTag {
    if tag == SignatureTag::RSA {
        SignatureTag::PGP
    } else {
        SignatureTag::GPG
    }
}

/// Every tag that holds OpenPGP signatures.
pub(crate) const SIGNATURE_TAGS: [SignatureTag; 6] = [
    SignatureTag::DSA,
    SignatureTag::RSA,
    SignatureTag::OPENPGP,
    SignatureTag::PGP,
    SignatureTag::GPG,
    SignatureTag::PGP5,
];

/// Puts new signatures into a package's signature header.
pub(crate) fn insert(
    path: &Path,
    head: &Head,
    format: Format,
    new: &[New],
    options: &SignOptions,
    now: Timestamp,
) -> Result<Edited> {
    let mut editor = Editor::from_index(head.signature(), &head.signature_index, format.reserve());
    if options.existing == Existing::Replace {
        for tag in SIGNATURE_TAGS {
            editor.remove(tag);
        }
    }
    let ours = Ours::new(head, new, now);
    let first_legacy = new.iter().find_map(|n| Some((n, legacy_tag(&n.header)?)));
    let mut elements = editor.strings(SignatureTag::OPENPGP);
    let openpgp =
        format == Format::V6 || options.tags == Tags::Both || !elements.is_empty() || new.len() > 1;
    let wants_legacy = format == Format::V4 || options.tags == Tags::Both;
    if format == Format::V4
        && options.tags == Tags::Native
        && elements.is_empty()
        && first_legacy.is_none()
        && let Some(first) = new.first()
    {
        return Err(Error::NoSlot {
            path: path.to_owned(),
            key: first.maker.key.to_string(),
            algorithm: first.maker.algorithm.clone(),
        });
    }

    if wants_legacy && let Some((signature, tag)) = first_legacy {
        let taken = [SignatureTag::RSA, SignatureTag::DSA]
            .into_iter()
            .find(|t| editor.bytes(*t).is_some_and(|packet| !ours.made(packet)));
        match taken {
            None => {
                editor.remove(SignatureTag::RSA);
                editor.remove(SignatureTag::DSA);
                editor.put(tag, signature.header.clone());
            }
            // The newcomer is in 278, which readers of 278 prefer.
            Some(_) if openpgp => {}
            Some(taken) => {
                return Err(Error::SlotTaken {
                    path: path.to_owned(),
                    tag: taken.name().unwrap_or("another tag"),
                });
            }
        }
        if let Some(whole) = &signature.whole {
            editor.put(whole_tag(tag), whole.clone());
        }
    }
    if openpgp {
        elements.retain(|element| {
            STANDARD
                .decode(element)
                .map_or(true, |packet| !ours.made(&packet))
        });
        let mut added: Vec<_> = new.iter().collect();
        // Version 4 before version 6, which older readers stumble on.
        added.sort_by_key(|n| n.maker.version);
        elements.extend(
            added
                .iter()
                .map(|n| STANDARD.encode(&n.header).into_bytes()),
        );
        editor.put_strings(SignatureTag::OPENPGP, &elements);
    }
    editor.finish()
}

/// Tells signatures of the signers' certificates from those of others.
struct Ours<'a> {
    verifier: Verifier,
    main: &'a [u8],
}

impl<'a> Ours<'a> {
    fn new(head: &'a Head, new: &[New], now: Timestamp) -> Self {
        let certificates = new.iter().map(|n| n.maker.certificate.clone());
        Self {
            verifier: Verifier::new(Certificates::new(certificates), Profile::strict(), now),
            main: head.main(),
        }
    }

    fn made(&self, packet: &[u8]) -> bool {
        use std::io::Write as _;
        let Ok(block) = SignatureBlock::parse_single_binary(packet) else {
            return false;
        };
        let mut hashes = self.verifier.plan([&block]).start();
        if hashes.write_all(self.main).is_err() {
            return false;
        }
        self.verifier
            .hashed(Object::Package, &block, &hashes)
            .signatures
            .iter()
            .any(|s| s.certificate.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_algorithm_and_version() {
        let body = |version, algorithm| vec![0xc2, 4, version, 0, algorithm, 8];
        assert_eq!(legacy_tag(&body(4, 1)), Some(SignatureTag::RSA));
        for algorithm in [17, 19, 22] {
            assert_eq!(legacy_tag(&body(4, algorithm)), Some(SignatureTag::DSA));
        }
        // Ed25519, Ed448, ML-DSA: tag 278 only.
        for algorithm in [27, 28, 30, 31] {
            assert_eq!(legacy_tag(&body(4, algorithm)), None);
        }
        // Version 6 never goes into a legacy tag, RSA neither (rsm/rpm#3851).
        assert_eq!(legacy_tag(&body(6, 1)), None);
        assert_eq!(legacy_tag(&body(3, 1)), None, "cut short");
    }

    #[test]
    fn both_packet_formats_are_read() {
        for packet in [
            &[0x88, 4, 4, 0, 1, 8][..],
            &[0x89, 0, 4, 4, 0, 1, 8],
            &[0x8a, 0, 0, 0, 4, 4, 0, 1, 8],
            &[0xc2, 192, 0, 4, 0, 1, 8],
            &[0xc2, 255, 0, 0, 0, 4, 4, 0, 1, 8],
        ] {
            assert_eq!(legacy_tag(packet), Some(SignatureTag::RSA), "{packet:x?}");
        }
        for packet in [
            &[][..],
            &[0xc2],
            &[0xc2, 4],
            &[0x8b, 4, 0, 1],
            &[0x04, 4, 4, 0, 1],
        ] {
            assert_eq!(legacy_tag(packet), None, "{packet:x?}");
        }
    }
}

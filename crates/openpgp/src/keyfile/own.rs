//! What the owner of a certificate says in it, without what others certify.
//!
//! Keyrings of communities consist mostly of certifications by others, which decide
//! nothing here. They are told apart by two fields of a signature, without reading it.

use std::borrow::Cow;

use openpgp::KeyHandle;
use sequoia_openpgp as openpgp;

use super::{SIGNATURE, key};
use crate::framing;

/// The packets of a certificate without certifications (types 0x10 to 0x13) that name
/// somebody else as their issuer.
pub(super) fn without_certifications(packets: &[u8]) -> Cow<'_, [u8]> {
    let Some(own) = key(packets) else {
        return Cow::Borrowed(packets);
    };
    let fingerprint = KeyHandle::from(own.fingerprint());
    let id = KeyHandle::from(own.keyid());
    let own = [fingerprint.as_bytes(), id.as_bytes()];
    let mut kept = Vec::new();
    let mut rest = packets;
    while let Some((tag, body, after)) = framing::packet(rest) {
        let length = rest.len() - after.len();
        if tag != SIGNATURE || !certified_by_another(body, &own) {
            kept.extend_from_slice(rest.get(..length).unwrap_or_default());
        }
        rest = after;
    }
    // What cannot be told apart any more is left to the parser, which says why.
    kept.extend_from_slice(rest);
    Cow::Owned(kept)
}

/// Whether a signature packet is a certification that names issuers, and none of these.
fn certified_by_another(body: &[u8], own: &[&[u8]]) -> bool {
    let Some(issuers) = issuers_of_certification(body) else {
        return false;
    };
    !issuers.is_empty() && !issuers.iter().any(|issuer| own.contains(issuer))
}

/// The issuers that a certification names; `None` of what is no certification, or cannot
/// be read.
fn issuers_of_certification(body: &[u8]) -> Option<Vec<&[u8]>> {
    let certification = |kind: &u8| (0x10..=0x13).contains(kind);
    match body {
        [3, 5, kind, rest @ ..] if certification(kind) => Some(vec![rest.get(4..12)?]),
        [4, kind, _, _, rest @ ..] if certification(kind) => {
            let (hashed, rest) = area::<2>(rest)?;
            let (unhashed, _) = area::<2>(rest)?;
            named(hashed, unhashed)
        }
        [6, kind, _, _, rest @ ..] if certification(kind) => {
            let (hashed, rest) = area::<4>(rest)?;
            let (unhashed, _) = area::<4>(rest)?;
            named(hashed, unhashed)
        }
        _ => None,
    }
}

/// A subpacket area behind its length of N octets, and what follows.
fn area<const N: usize>(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(N)?;
    rest.split_at_checked(number(length)?)
}

fn number(octets: &[u8]) -> Option<usize> {
    octets.iter().try_fold(0_usize, |sum, octet| {
        sum.checked_mul(256)?.checked_add(usize::from(*octet))
    })
}

/// Issuer (16) and issuer fingerprint (33) subpackets (RFC 9580, 5.2.3.12 and 5.2.3.35).
fn named<'a>(hashed: &'a [u8], unhashed: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    let mut issuers = Vec::new();
    for mut area in [hashed, unhashed] {
        while let Some((first, rest)) = area.split_first() {
            let (length, rest) = match *first {
                short @ 0..192 => (usize::from(short), rest),
                high @ 192..255 => {
                    let (low, rest) = rest.split_first()?;
                    (
                        (usize::from(high) - 192) * 256 + usize::from(*low) + 192,
                        rest,
                    )
                }
                255 => {
                    let (length, rest) = rest.split_at_checked(4)?;
                    (number(length)?, rest)
                }
            };
            let (subpacket, rest) = rest.split_at_checked(length)?;
            area = rest;
            match subpacket {
                [16 | 0x90, id @ ..] if id.len() == 8 => issuers.push(id),
                [33 | 0xa1, _, fingerprint @ ..] => issuers.push(fingerprint),
                _ => {}
            }
        }
    }
    Some(issuers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[u8] = &[7; 8];

    fn v4(kind: u8, hashed: &[u8], unhashed: &[u8]) -> Vec<u8> {
        let mut body = vec![4, kind, 1, 8, 0, u8::try_from(hashed.len()).unwrap()];
        body.extend(hashed);
        body.extend([0, u8::try_from(unhashed.len()).unwrap()]);
        body.extend(unhashed);
        body.extend([0; 8]);
        body
    }

    fn issuer(id: u8) -> Vec<u8> {
        let mut subpacket = vec![9, 16];
        subpacket.extend([id; 8]);
        subpacket
    }

    #[test]
    fn certifications_by_others_are_told_from_all_else() {
        let by_another = |body: &[u8]| certified_by_another(body, &[&[7; 20], OWN]);
        assert!(by_another(&v4(0x10, &[], &issuer(8))));
        assert!(by_another(&v4(0x13, &issuer(8), &[])));
        let mut three = vec![3, 5, 0x10, 0, 0, 0, 0];
        three.extend([8; 8]);
        assert!(by_another(&three));
        // Its own, by key ID or fingerprint, in either area, beside another issuer too.
        assert!(!by_another(&v4(0x13, &[], &issuer(7))));
        assert!(!by_another(&v4(0x13, &issuer(8), &issuer(7))));
        let mut fingerprint = vec![22, 33, 4];
        fingerprint.extend([7; 20]);
        assert!(!by_another(&v4(0x13, &fingerprint, &[])));
    }

    #[test]
    fn what_is_in_doubt_is_kept() {
        let by_another = |body: &[u8]| certified_by_another(body, &[OWN]);
        // Other types: bindings, direct-key signatures, revocations.
        for kind in [0x00, 0x18, 0x19, 0x1f, 0x20, 0x28, 0x30] {
            assert!(!by_another(&v4(kind, &[], &issuer(8))), "{kind:02x}");
        }
        // Nobody is named, or nothing can be read.
        assert!(!by_another(&v4(0x10, &[], &[])));
        let whole = v4(0x10, &[], &issuer(8));
        for end in 0..whole.len() - 8 {
            assert!(!by_another(&whole[..end]), "{end}");
        }
        assert!(!by_another(&v4(0x10, &[200], &issuer(8))));
        assert!(!by_another(&v4(
            0x10,
            &[255, 255, 255, 255, 255],
            &issuer(8)
        )));
    }
}

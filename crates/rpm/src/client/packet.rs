//! A signature packet as rpm looks at it: a few fields, and hints to the issuer.
//!
//! Nothing here is trusted; the mathematics are the OpenPGP core's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Fields of a signature packet (RFC 9580, 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) version: u8,
    pub(super) form: u8,
    pub(super) public_key: u8,
    pub(super) digest: u8,
    /// Seconds since 1970; must stand in the hashed area.
    pub(super) created: Option<u32>,
    /// Seconds of validity.
    pub(super) valid_for: Option<u32>,
    /// Issuer fingerprints, then key IDs: hashed ones first.
    pub(super) fingerprints: Vec<Vec<u8>>,
    pub(super) key_ids: Vec<[u8; 8]>,
    /// Flags of a key, in a self-signature.
    pub(super) key_flags: Option<u8>,
    /// A critical subpacket other than creation time, issuer and key flags.
    pub(super) critical: bool,
    /// Subpackets that do not end where they should, or two creation times.
    pub(super) broken: bool,
    /// Numbers after the digest prefix.
    pub(super) mpis: Option<usize>,
}

/// What the lines of an armored signature hold; its checksum is not looked at.
pub(super) fn dearmored(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (_, after) = text.split_once("-----BEGIN PGP SIGNATURE-----")?;
    let (block, _) = after.split_once("-----END PGP SIGNATURE-----")?;
    let body = block.trim_start_matches(['\r', '\n']);
    let lines = body
        .lines()
        .filter(|line| !line.contains(':') && !line.starts_with('='));
    let base64: String = lines.map(str::trim).collect();
    STANDARD.decode(base64).ok()
}

/// Splits the first packet off: its tag, body and what follows. Partial lengths are none.
pub(super) fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let (tag, length, rest) = if first & 0xc0 == 0xc0 {
        let (&one, rest) = rest.split_first()?;
        let (length, rest) = match one {
            0..=191 => (usize::from(one), rest),
            192..=223 => {
                let (&two, rest) = rest.split_first()?;
                (
                    (usize::from(one) - 192) * 256 + usize::from(two) + 192,
                    rest,
                )
            }
            255 => {
                let (four, rest) = rest.split_at_checked(4)?;
                (number(four), rest)
            }
            _ => return None,
        };
        (first & 0x3f, length, rest)
    } else if first & 0x80 != 0 {
        let width = match first & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return None,
        };
        let (length, rest) = rest.split_at_checked(width)?;
        ((first >> 2) & 0xf, number(length), rest)
    } else {
        return None;
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((tag, body, rest))
}

impl Packet {
    /// Reads the only packet of these bytes.
    pub(super) fn only(bytes: &[u8]) -> Option<Self> {
        match split(bytes)? {
            (2, body, []) => Self::read(body),
            _ => None,
        }
    }

    /// Reads a packet's body.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        match body {
            [3, 5, form, t0, t1, t2, t3, rest @ ..] => {
                let (key_id, rest) = rest.split_first_chunk::<8>()?;
                let [public_key, digest, _, _, numbers @ ..] = rest else {
                    return None;
                };
                Some(Self {
                    version: 3,
                    form: *form,
                    public_key: *public_key,
                    digest: *digest,
                    created: Some(u32::from_be_bytes([*t0, *t1, *t2, *t3])),
                    key_ids: vec![*key_id],
                    mpis: mpis(numbers),
                    ..Self::default()
                })
            }
            [version @ (4 | 6), form, public_key, digest, rest @ ..] => {
                let mut packet = Self {
                    version: *version,
                    form: *form,
                    public_key: *public_key,
                    digest: *digest,
                    ..Self::default()
                };
                let (hashed, rest) = area(rest, *version)?;
                packet.subpackets(hashed, true);
                let (unhashed, rest) = area(rest, *version)?;
                packet.subpackets(unhashed, false);
                let (_, numbers) = rest.split_at_checked(2)?;
                packet.mpis = mpis(numbers);
                Some(packet)
            }
            _ => None,
        }
    }

    fn subpackets(&mut self, mut area: &[u8], hashed: bool) {
        while !area.is_empty() {
            let Some((kind, value, rest)) = subpacket(area) else {
                self.broken = true;
                return;
            };
            area = rest;
            let four = || value.first_chunk::<4>().map(|v| u32::from_be_bytes(*v));
            let known = match (kind & 0x7f, hashed) {
                (2, true) => {
                    self.broken |= self.created.is_some();
                    self.created = four();
                    true
                }
                (3, true) => {
                    self.valid_for = four().filter(|seconds| *seconds != 0);
                    false
                }
                (16, _) => {
                    self.key_ids
                        .extend(value.first_chunk::<8>().filter(|_| value.len() == 8));
                    true
                }
                (27, true) => {
                    self.key_flags = Some(value.first().copied().unwrap_or_default());
                    true
                }
                (33, _) => {
                    if let Some((_, fingerprint)) = value.split_first() {
                        self.fingerprints.push(fingerprint.to_vec());
                    }
                    false
                }
                _ => false,
            };
            self.critical |= kind & 0x80 != 0 && !known;
        }
    }
}

/// An area of subpackets with its length.
fn area(bytes: &[u8], version: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = if version == 6 {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        (u32::from_be_bytes(*length) as usize, rest)
    } else {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        (usize::from(u16::from_be_bytes(*length)), rest)
    };
    rest.split_at_checked(length)
}

/// Kind, value and what follows.
fn subpacket(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&one, rest) = bytes.split_first()?;
    let (length, rest) = match one {
        0..=191 => (usize::from(one), rest),
        192..=254 => {
            let (&two, rest) = rest.split_first()?;
            (
                (usize::from(one) - 192) * 256 + usize::from(two) + 192,
                rest,
            )
        }
        255 => {
            let (four, rest) = rest.split_first_chunk::<4>()?;
            (u32::from_be_bytes(*four) as usize, rest)
        }
    };
    let (whole, rest) = rest.split_at_checked(length)?;
    let (&kind, value) = whole.split_first()?;
    Some((kind, value, rest))
}

/// How many numbers there are, if they end where the packet ends.
fn mpis(mut bytes: &[u8]) -> Option<usize> {
    let mut count = 0;
    while !bytes.is_empty() {
        let (bits, rest) = bytes.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*bits)).div_ceil(8);
        (_, bytes) = rest.split_at_checked(length)?;
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use pkgseal_testkit::keys::{self, RawOptions, armor, raw_sign, raw_sign_v3};
    use proptest::prelude::*;

    use super::*;

    fn packets() -> Vec<Vec<u8>> {
        let options = RawOptions::at(keys::SIGNED).binary();
        let mut packets: Vec<_> = ["good-ed25519", "good-rsa2048", "good-v6-ed25519"]
            .iter()
            .map(|key| raw_sign(&keys::load(key), b"data", &options))
            .collect();
        let key = keys::load("good-ed25519");
        packets.push(raw_sign_v3(&key, b"data", keys::time(keys::SIGNED)));
        packets
    }

    #[test]
    fn fields_are_found() {
        let packets = packets();
        let read: Vec<_> = packets.iter().map(|p| Packet::only(p).unwrap()).collect();
        let versions: Vec<_> = read.iter().map(|p| p.version).collect();
        assert_eq!(versions, [4, 4, 6, 3]);
        let made = u32::try_from(keys::time(keys::SIGNED).as_second()).unwrap();
        for packet in &read {
            assert_eq!(packet.created, Some(made));
            assert!(!packet.broken && !packet.critical);
            assert_eq!(packet.form, 0);
        }
        let fingerprint = keys::load("good-ed25519").signing_fingerprint();
        let hex: String = read[0].fingerprints[0]
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        assert_eq!(hex, fingerprint);
        assert_eq!(read[0].mpis, Some(2));
        assert_eq!(read[1].mpis, Some(1));
        assert_eq!(read[3].key_ids, read[0].key_ids);
    }

    #[test]
    fn armor_is_taken_off() {
        for packet in packets() {
            assert_eq!(dearmored(&armor(&packet)), Some(packet.clone()));
            assert_eq!(dearmored(&packet), None);
        }
    }

    /// Law 5: whatever the bytes, no panic; and what is cut short is no packet.
    #[test]
    fn cut_short_it_is_none() {
        for packet in packets() {
            for length in 0..packet.len() {
                assert_eq!(Packet::only(&packet[..length]), None, "{length}");
            }
            let longer = [&packet[..], b"x"].concat();
            assert_eq!(Packet::only(&longer), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Packet::only(&bytes);
            let _ = Packet::read(&bytes);
            let _ = dearmored(&bytes);
            let _ = split(&bytes);
        }

        #[test]
        fn any_byte_changed(which in 0..4_usize, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut packet = packets().swap_remove(which);
            let at = at.index(packet.len());
            packet[at] = byte;
            let _ = Packet::only(&packet);
        }
    }
}

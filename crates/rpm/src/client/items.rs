//! The digests and signatures an rpm looks for in a package.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkgseal_openpgp::SignatureBlock;
use pkgseal_repo::{DigestAlgorithm, Limits, hex};

use super::packet::{Packet, dearmored};
use super::rules::{Generation, Parser, Rules, Switch};
use crate::header::{Entry, Index};
use crate::package::Head;
use crate::tag::{HeaderTag, Kind, SignatureTag};

/// The main header.
pub(super) const HEADER: u8 = 1;
/// The payload.
pub(super) const PAYLOAD: u8 = 2;

/// What vouches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A digest.
    Digest,
    /// A signature.
    Signature,
}

/// One thing rpm looks for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) switch: Switch,
    pub(super) tag: u32,
    /// Whether it stands in the main header.
    pub(super) wrapped: bool,
    pub(super) class: Class,
    pub(super) range: u8,
    /// Of a digest.
    pub(super) digest: Option<DigestAlgorithm>,
    /// Of a signature that is absent or unreadable.
    pub(super) public_key: u8,
    pub(super) alternative: bool,
    shape: Shape,
    first: Generation,
}

#[derive(Debug)]
struct Shape {
    kind: Kind,
    count: Option<usize>,
    size: Option<usize>,
}

const fn header_digest(switch: Switch, tag: SignatureTag, digest: DigestAlgorithm) -> Wanted {
    Wanted {
        switch,
        tag: tag.0,
        wrapped: false,
        class: Class::Digest,
        range: HEADER,
        digest: Some(digest),
        public_key: 0,
        alternative: false,
        shape: Shape {
            kind: Kind::String,
            count: Some(1),
            size: Some(match digest {
                DigestAlgorithm::Sha1 => 41,
                _ => 65,
            }),
        },
        first: match digest {
            DigestAlgorithm::Sha3_256 => Generation::Six,
            _ => Generation::Four,
        },
    }
}

const fn signature(switch: Switch, tag: SignatureTag, range: u8, public_key: u8) -> Wanted {
    Wanted {
        switch,
        tag: tag.0,
        wrapped: false,
        class: Class::Signature,
        range,
        digest: None,
        public_key,
        alternative: false,
        shape: Shape {
            kind: match tag {
                SignatureTag::OPENPGP => Kind::StringArray,
                _ => Kind::Bin,
            },
            count: None,
            size: None,
        },
        first: match tag {
            SignatureTag::OPENPGP => Generation::Six,
            _ => Generation::Four,
        },
    }
}

const fn payload_digest(
    switch: Switch,
    tag: HeaderTag,
    digest: DigestAlgorithm,
    alternative: bool,
) -> Wanted {
    let old = matches!(digest, DigestAlgorithm::Sha256);
    Wanted {
        switch,
        tag: tag.0,
        wrapped: true,
        class: Class::Digest,
        range: PAYLOAD,
        digest: Some(digest),
        public_key: 0,
        alternative,
        shape: Shape {
            kind: if old { Kind::StringArray } else { Kind::String },
            count: None,
            size: None,
        },
        first: if old {
            Generation::Four
        } else {
            Generation::Six
        },
    }
}

const RSA: u8 = 1;
const DSA: u8 = 17;

static WANTED: [Wanted; 15] = [
    signature(Switch::Openpgp, SignatureTag::OPENPGP, HEADER, 0),
    signature(Switch::Rsa, SignatureTag::PGP, HEADER | PAYLOAD, RSA),
    Wanted {
        shape: Shape {
            kind: Kind::Bin,
            count: None,
            size: Some(16),
        },
        range: HEADER | PAYLOAD,
        ..header_digest(Switch::Md5, SignatureTag::MD5, DigestAlgorithm::Md5)
    },
    signature(Switch::Dsa, SignatureTag::GPG, HEADER | PAYLOAD, DSA),
    signature(Switch::DsaHeader, SignatureTag::DSA, HEADER, DSA),
    signature(Switch::RsaHeader, SignatureTag::RSA, HEADER, RSA),
    header_digest(
        Switch::Sha1Header,
        SignatureTag::SHA1,
        DigestAlgorithm::Sha1,
    ),
    header_digest(
        Switch::Sha256Header,
        SignatureTag::SHA256,
        DigestAlgorithm::Sha256,
    ),
    header_digest(
        Switch::Sha3Header,
        SignatureTag::SHA3_256,
        DigestAlgorithm::Sha3_256,
    ),
    payload_digest(
        Switch::Sha256Payload,
        HeaderTag::PAYLOADSHA256,
        DigestAlgorithm::Sha256,
        false,
    ),
    payload_digest(
        Switch::Sha256Payload,
        HeaderTag::PAYLOADSHA256ALT,
        DigestAlgorithm::Sha256,
        true,
    ),
    payload_digest(
        Switch::Sha512Payload,
        HeaderTag::PAYLOADSHA512,
        DigestAlgorithm::Sha512,
        false,
    ),
    payload_digest(
        Switch::Sha512Payload,
        HeaderTag::PAYLOADSHA512ALT,
        DigestAlgorithm::Sha512,
        true,
    ),
    payload_digest(
        Switch::Sha3Payload,
        HeaderTag::PAYLOADSHA3_256,
        DigestAlgorithm::Sha3_256,
        false,
    ),
    payload_digest(
        Switch::Sha3Payload,
        HeaderTag::PAYLOADSHA3_256ALT,
        DigestAlgorithm::Sha3_256,
        true,
    ),
];

/// What was found of one thing.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) wanted: &'static Wanted,
    /// Tag and place in it, for the order; 0 where nothing could be read.
    pub(super) id: u32,
    pub(super) content: Content,
}

/// What stands there.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing.
    Absent,
    /// Something unreadable; in rpm's words, why.
    Unreadable(String),
    /// A digest in hexadecimal.
    Digest(String),
    /// A signature.
    Signature {
        packet: Box<Packet>,
        block: Box<SignatureBlock>,
    },
}

/// Everything a client looks for in a package.
pub(super) fn collect(rules: &Rules, off: &[Switch], head: &Head, limits: &Limits) -> Vec<Found> {
    let six = rules.items.generation == Generation::Six;
    let mut off = off.to_vec();
    let signature = &head.signature_index;
    let is_v6 = [SignatureTag::RESERVED, SignatureTag::SHA3_256]
        .iter()
        .all(|tag| signature.find(tag.0).is_some());
    let mut all = Vec::new();
    for wanted in &WANTED {
        if !six && wanted.first == Generation::Six
            || six && is_v6 && !wanted.wrapped && wanted.tag >= 1000
        {
            continue;
        }
        let disabled = off.contains(&wanted.switch);
        if disabled && six {
            continue;
        }
        let (bytes, index) = if wanted.wrapped {
            (head.main(), &head.main_index)
        } else {
            (head.signature(), signature)
        };
        let entry = find(index, wanted.tag).filter(|_| !disabled);
        let Some(entry) = entry else {
            all.push(Found {
                wanted,
                id: 0,
                content: Content::Absent,
            });
            continue;
        };
        let origin = if index.entries.iter().any(|entry| entry.dribble) {
            "header"
        } else {
            "package"
        };
        let reader = Reader {
            wanted,
            parser: rules.openpgp.parser,
            entry,
            origin,
        };
        let data = bytes.get(entry.range.clone()).unwrap_or_default();
        for (place, value) in values(entry, data).take(limits.signatures).enumerate() {
            let content = reader.read(value).unwrap_or_else(Content::Unreadable);
            let id = match &content {
                Content::Absent | Content::Unreadable(_) => 0,
                Content::Digest(_) | Content::Signature { .. } => {
                    wanted.tag << 16 | u32::try_from(place).unwrap_or_default()
                }
            };
            if matches!(content, Content::Signature { .. }) && wanted.switch == Switch::Openpgp {
                // Those of version 4 are not looked at beside it.
                off.extend([
                    Switch::DsaHeader,
                    Switch::RsaHeader,
                    Switch::Dsa,
                    Switch::Rsa,
                ]);
            }
            all.push(Found {
                wanted,
                id,
                content,
            });
        }
    }
    all
}

/// An entry that rpm can read without turning bytes; else it finds none.
fn find(index: &Index, tag: u32) -> Option<&Entry> {
    index
        .find(tag)
        .filter(|entry| entry.kind.width().unwrap_or(1) == 1)
}

/// A binary value, or each string of several.
fn values<'a>(entry: &Entry, data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let text = entry.kind.width().is_none();
    let data = if text {
        data.strip_suffix(&[0]).unwrap_or(data)
    } else {
        data
    };
    data.split(move |byte| text && *byte == 0)
}

struct Reader<'a> {
    wanted: &'static Wanted,
    parser: Parser,
    entry: &'a Entry,
    origin: &'static str,
}

impl Reader<'_> {
    /// Reads a value, or says in rpm's words why not.
    fn read(&self, value: &[u8]) -> Result<Content, String> {
        let Self {
            wanted,
            entry,
            origin,
            ..
        } = self;
        let (tag, shape) = (wanted.tag, &wanted.shape);
        if entry.kind != shape.kind {
            let kind = entry.kind.number();
            return Err(format!("{origin} tag {tag}: invalid type {kind}"));
        }
        if shape.count.is_some_and(|count| count != entry.count) {
            let count = entry.count;
            return Err(format!("{origin}: tag {tag}: invalid count {count}"));
        }
        if wanted.class == Class::Digest && value.len() < 16 {
            let length = value.len();
            return Err(format!("{origin} tag {tag}: invalid data ({length})"));
        }
        let size = value.len() + usize::from(shape.kind.width().is_none());
        if shape.size.is_some_and(|expected| expected != size) {
            return Err(format!("{origin} tag {tag}: invalid size {size}"));
        }
        match wanted.class {
            Class::Digest => self.digest(value),
            Class::Signature => self.signature(value),
        }
    }

    fn digest(&self, value: &[u8]) -> Result<Content, String> {
        if self.wanted.shape.kind == Kind::Bin {
            return Ok(Content::Digest(hex::encode(value)));
        }
        let is_hex = value.len() >= 40
            && value.len().is_multiple_of(2)
            && value.iter().all(u8::is_ascii_hexdigit);
        if !is_hex {
            let (origin, tag) = (self.origin, self.wanted.tag);
            return Err(format!("{origin}: tag {tag}: invalid hex"));
        }
        Ok(Content::Digest(String::from_utf8_lossy(value).into_owned()))
    }

    fn signature(&self, value: &[u8]) -> Result<Content, String> {
        let (origin, tag) = (self.origin, self.wanted.tag);
        let decoded;
        let packets = if self.wanted.shape.kind == Kind::StringArray {
            let text: Vec<u8> = value
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            decoded = STANDARD
                .decode(text)
                .map_err(|_| format!("{origin} tag {tag}: invalid base64"))?;
            &decoded
        } else {
            value
        };
        // Sequoia reads armor wherever it reads packets.
        let armored = match self.parser {
            Parser::Internal => None,
            Parser::Sequoia => dearmored(packets),
        };
        let packets = armored.as_deref().unwrap_or(packets);
        let read = || {
            let packet = Packet::only(packets)?;
            let block = SignatureBlock::parse_single_binary(packets).ok()?;
            let readable = match self.parser {
                Parser::Internal => packet.is_readable_by_rpm(packets.len()),
                // Sequoia could not make out what a packet without algorithms is.
                Parser::Sequoia => block.summary().iter().all(|(_, name, _)| !name.is_empty()),
            };
            readable.then(|| Content::Signature {
                packet: Box::new(packet),
                block: Box::new(block),
            })
        };
        read().ok_or_else(|| format!("{origin} tag {tag}: invalid OpenPGP signature"))
    }
}

impl Packet {
    /// Whether rpm's own parser takes it.
    fn is_readable_by_rpm(&self, length: usize) -> bool {
        let numbers = match self.public_key {
            1 | 3 => Some(1),
            17 | 22 => Some(2),
            _ => None,
        };
        length <= 65_535
            && matches!(self.version, 3 | 4)
            && !self.broken
            && !self.critical
            && self.created.is_some()
            && numbers.is_some()
            && self.mpis == numbers
    }
}

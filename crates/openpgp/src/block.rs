//! Signature packets of one block.

use openpgp::packet::Signature;
use openpgp::parse::Parse;
use pkgseal_repo::{Finding, Limits};
use sequoia_openpgp as openpgp;

use crate::armor::{self, Around};
use crate::{codes, framing, names};

/// Signature packets of one block, parsed but not judged.
#[derive(Clone, Debug)]
pub struct SignatureBlock {
    signatures: Vec<Packet>,
}

/// One signature packet.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly always the large one")]
pub(crate) enum Packet {
    /// One that could be parsed.
    Known(Signature),
    /// One of a version or shape unknown here.
    Unknown {
        /// Its first octet.
        version: u8,
        /// What the parser said.
        reason: String,
    },
}

impl SignatureBlock {
    /// Reads a detached signature, armored or binary: signature packets only, nothing
    /// before, between or after; at most
    /// [`Limits::signatures`](pkgseal_repo::Limits::signatures) packets. Several armored
    /// blocks in a row are one block (apt accepts them in Release.gpg).
    ///
    /// # Errors
    /// A finding (`signature.malformed`, `signature.none`) saying where and why: a
    /// malformed block is a rejection, not a failure.
    pub fn parse(bytes: &[u8]) -> Result<Self, Finding> {
        match bytes.first() {
            None => Err(none("the signature file is empty")),
            Some(_) if too_long(bytes) => Err(malformed(format!(
                "the signature file is longer than {} bytes",
                Limits::default().signature
            ))),
            Some(first) if first & 0x80 != 0 => Self::binary(bytes),
            Some(_) => Self::armored(bytes, Around::LineEnds, 1).map_err(malformed),
        }
    }

    /// As [`SignatureBlock::parse`], binary and exactly one packet: what an .rpm header
    /// holds.
    ///
    /// # Errors
    /// As [`SignatureBlock::parse`].
    pub fn parse_single_binary(bytes: &[u8]) -> Result<Self, Finding> {
        if bytes.is_empty() {
            return Err(none("the signature is empty"));
        }
        if too_long(bytes) {
            return Err(malformed("the signature is too long".to_owned()));
        }
        let block = Self::binary(bytes)?;
        if block.len() == 1 {
            Ok(block)
        } else {
            Err(malformed(format!(
                "{} signature packets where one is expected",
                block.len()
            )))
        }
    }

    /// The packets of a detached signature that [`SignatureBlock::parse`] reads, each with
    /// its bytes as they stand: for containers that keep packets one by one.
    ///
    /// # Errors
    /// As [`SignatureBlock::parse`].
    pub fn split(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Finding> {
        Self::parse(bytes)?;
        let binary = bytes.first().is_some_and(|first| first & 0x80 != 0);
        let decoded = if binary {
            bytes.to_vec()
        } else {
            armor::decode(bytes, Around::LineEnds, 1).map_err(malformed)?
        };
        let mut packets = Vec::new();
        let mut rest = decoded.as_slice();
        while let Some((_, _, after)) = framing::packet(rest) {
            let length = rest.len() - after.len();
            packets.push(rest.get(..length).unwrap_or_default().to_vec());
            rest = after;
        }
        Ok(packets)
    }

    /// The signatures of several blocks as one, in order; at least one block.
    pub fn together(blocks: impl IntoIterator<Item = Self>) -> Option<Self> {
        let signatures: Vec<_> = blocks.into_iter().flat_map(|b| b.signatures).collect();
        (!signatures.is_empty()).then_some(Self { signatures })
    }

    /// Armored, with what may stand around it; the error names the line.
    pub(crate) fn armored(bytes: &[u8], around: Around, first_line: usize) -> Result<Self, String> {
        let packets = armor::decode(bytes, around, first_line)?;
        packets_of(&packets)
    }

    fn binary(bytes: &[u8]) -> Result<Self, Finding> {
        packets_of(bytes).map_err(malformed)
    }

    /// How many signatures.
    pub fn len(&self) -> usize {
        self.signatures.len()
    }

    /// Whether there are none (never, after parsing).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For each signature: OpenPGP version, public-key algorithm name, digest name.
    pub fn summary(&self) -> Vec<(u8, String, String)> {
        let summary = |packet: &Packet| match packet {
            Packet::Known(signature) => (
                signature.version(),
                names::algorithm_name(signature.pk_algo()),
                names::digest(signature.hash_algo()),
            ),
            Packet::Unknown { version, .. } => (*version, String::new(), String::new()),
        };
        self.signatures.iter().map(summary).collect()
    }

    pub(crate) fn packets(&self) -> &[Packet] {
        &self.signatures
    }

    pub(crate) fn known(&self) -> impl Iterator<Item = &Signature> {
        self.signatures.iter().filter_map(|packet| match packet {
            Packet::Known(signature) => Some(signature),
            Packet::Unknown { .. } => None,
        })
    }
}

fn too_long(bytes: &[u8]) -> bool {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX) > Limits::default().signature
}

fn none(detail: &str) -> Finding {
    Finding::reject(codes::NONE, "", detail)
        .hint("ask the publisher for the signature of this file")
}

fn malformed(detail: String) -> Finding {
    Finding::reject(codes::MALFORMED, "", detail)
        .hint("fetch the signature again; if it stays so, the publisher must sign again")
}

/// Signature packets (RFC 9580, 5.2) and nothing else.
fn packets_of(mut bytes: &[u8]) -> Result<SignatureBlock, String> {
    let cap = Limits::default().signatures;
    let mut signatures = Vec::new();
    let whole = bytes.len();
    while !bytes.is_empty() {
        let at = whole - bytes.len();
        let (tag, body, rest) = framing::packet(bytes)
            .ok_or_else(|| format!("no whole OpenPGP packet at byte {at}"))?;
        if tag != 2 {
            return Err(match tag {
                4 | 8 | 11 => format!(
                    "a whole signed message (packet {tag} at byte {at}) stands where only a signature belongs"
                ),
                _ => format!("packet {tag} at byte {at} is no signature"),
            });
        }
        if signatures.len() == cap {
            return Err(format!("more than {cap} signatures"));
        }
        signatures.push(match Signature::from_bytes(body) {
            Ok(signature) => Packet::Known(signature),
            Err(error) => Packet::Unknown {
                version: body.first().copied().unwrap_or_default(),
                reason: error.to_string(),
            },
        });
        bytes = rest;
    }
    if signatures.is_empty() {
        return Err("there is no signature in it".to_owned());
    }
    Ok(SignatureBlock { signatures })
}

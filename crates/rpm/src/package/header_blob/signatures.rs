//! Signatures that come back, found by the digest of the main header they are on.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkgseal_openpgp::SignatureBlock;
use pkgseal_repo::{Finding, Limits};

use super::lines::{Lines, Stop};
use crate::codes;

/// The first line.
const MAGIC: &str = "pkgseal-rpm-signatures 1";

/// Whether a file that begins with these bytes is a list of signatures.
pub fn is_signature_list(head: &[u8]) -> bool {
    head.strip_prefix(MAGIC.as_bytes())
        .is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b'\n'))
}

/// Signatures on main headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureList {
    /// By the digest of the header: a name for people, and the packets.
    headers: BTreeMap<String, (String, Vec<Vec<u8>>)>,
}

impl SignatureList {
    /// Reads a list. Nothing is verified yet: that is for whoever puts signatures in.
    ///
    /// # Errors
    /// What reading gives. The inner one is a finding (`rpm.signature-list.malformed`, or
    /// why an entry is no signature).
    pub fn read(source: impl BufRead, limits: &Limits) -> io::Result<Result<Self, Box<Finding>>> {
        match Self::parse(source, limits) {
            Ok(list) => Ok(Ok(list)),
            Err(Stop::Malformed(finding)) => Ok(Err(finding)),
            Err(Stop::Io(error)) => Err(error),
        }
    }

    fn parse(source: impl BufRead, limits: &Limits) -> Result<Self, Stop> {
        let mut lines = Lines::open(source, MAGIC, codes::SIGNATURE_LIST, limits)?;
        let mut list = Self::default();
        while let Some([digest, packet, name]) = lines.entry(limits)? {
            let packet = STANDARD
                .decode(&packet)
                .map_err(|_| lines.wrong("the second field is not base64"))?;
            SignatureBlock::parse_single_binary(&packet)
                .map_err(|finding| lines.wrong(finding.detail))?;
            let (known, packets) = list
                .headers
                .entry(digest)
                .or_insert_with(|| (name.clone(), Vec::new()));
            if *known != name {
                return Err(lines.wrong("the same header has two names"));
            }
            if packets.contains(&packet) {
                return Err(lines.wrong("the same signature stands there twice"));
            }
            if packets.len() == limits.signatures {
                return Err(lines.wrong(format!(
                    "more than {} signatures of one header",
                    limits.signatures
                )));
            }
            packets.push(packet);
            lines.entries += 1;
        }
        Ok(list)
    }

    /// The signatures on the header of this digest.
    pub(super) fn find(&self, digest: &str) -> Option<&[Vec<u8>]> {
        self.headers
            .get(digest)
            .map(|(_, packets)| packets.as_slice())
    }

    /// How many headers have signatures in it.
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }
}

/// Writes a list, signature by signature.
pub(super) struct ListWriter<W> {
    target: W,
    count: usize,
}

impl<W: Write> ListWriter<W> {
    pub(super) fn new(mut target: W) -> io::Result<Self> {
        writeln!(target, "{MAGIC}")?;
        Ok(Self { target, count: 0 })
    }

    pub(super) fn add(&mut self, digest: &str, packet: &[u8], name: &str) -> io::Result<()> {
        self.count += 1;
        writeln!(self.target, "{digest} {} {name}", STANDARD.encode(packet))
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        writeln!(self.target, "end {}", self.count)?;
        self.target.flush()
    }
}

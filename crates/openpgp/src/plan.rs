//! Which hashes a set of signatures needs, computed in one pass.

use std::io::{self, Write};

use openpgp::crypto::hash::Context;
use openpgp::packet::Signature;
use openpgp::types::{HashAlgorithm, SignatureType};
use sequoia_openpgp as openpgp;

use crate::HashContext;

/// What makes two signatures share a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kind {
    algorithm: HashAlgorithm,
    text: bool,
    version: u8,
    salt: Vec<u8>,
}

impl Kind {
    /// `None` for signatures that are not over data.
    fn of(signature: &Signature) -> Option<Self> {
        let text = match signature.typ() {
            SignatureType::Binary => false,
            SignatureType::Text => true,
            _ => return None,
        };
        Some(Self {
            algorithm: signature.hash_algo(),
            text,
            version: signature.version(),
            salt: signature.salt().unwrap_or_default().to_vec(),
        })
    }
}

/// Which hashes a set of signatures needs. Made by
/// [`Verifier::plan`](crate::Verifier::plan); collects over several blocks.
#[derive(Clone, Debug, Default)]
pub struct HashPlan {
    kinds: Vec<Kind>,
}

impl HashPlan {
    pub(crate) fn add(&mut self, signature: &Signature) {
        if let Some(kind) = Kind::of(signature)
            && !self.kinds.contains(&kind)
        {
            self.kinds.push(kind);
        }
    }

    /// Starts all hashes. Algorithms the backend lacks are left out; signatures that need
    /// them are judged unsupported.
    pub fn start(&self) -> Hashes {
        let running = self.kinds.iter().filter_map(|kind| {
            let mut context = kind.algorithm.context().ok()?.for_signature(kind.version);
            context.update(&kind.salt);
            Some(Running {
                kind: kind.clone(),
                context,
            })
        });
        Hashes {
            running: running.collect(),
            text: self.kinds.iter().any(|kind| kind.text),
            ends: LineEnds::default(),
        }
    }
}

/// Why there is no digest to check a signature against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoDigest {
    /// No such hash ran: not over data, not planned, or not in the backend.
    NotComputed,
    /// The data was made to collide.
    Collision,
}

#[derive(Clone)]
struct Running {
    kind: Kind,
    context: Context,
}

/// What was seen of line ends; they are not covered by a text signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineEnds {
    /// Some carriage return, whatever follows it.
    pub(crate) carriage_return: bool,
    /// A carriage return that no line feed follows.
    pub(crate) lone: bool,
    pending: bool,
}

/// Running hashes: feed the signed bytes once with [`Write`], then pass it to
/// [`Verifier::hashed`](crate::Verifier::hashed).
#[derive(Clone)]
pub struct Hashes {
    running: Vec<Running>,
    text: bool,
    ends: LineEnds,
}

impl std::fmt::Debug for Hashes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hashes")
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}

impl Hashes {
    /// Takes over the hashes a signature was made from, so that it can be verified
    /// without reading the signed bytes again.
    pub fn from_contexts(contexts: impl IntoIterator<Item = HashContext>) -> Self {
        let running = contexts.into_iter().map(|hash| {
            let algorithm = hash.algorithm();
            let version = hash.version();
            let (context, salt) = hash.into_parts();
            let kind = Kind {
                algorithm,
                text: false,
                version,
                salt: salt.unwrap_or_default(),
            };
            Running { kind, context }
        });
        Self {
            running: running.collect(),
            text: false,
            ends: LineEnds::default(),
        }
    }

    /// Feeds bytes; as [`Write`], but cannot fail.
    pub fn update(&mut self, bytes: &[u8]) {
        for hash in self.running.iter_mut().filter(|hash| !hash.kind.text) {
            hash.context.update(bytes);
        }
        if self.text {
            self.update_text(bytes);
        }
    }

    /// Every line end, LF or CRLF, is hashed as CRLF (RFC 9580, 5.2.1.2). A carriage
    /// return at the end of a chunk waits for the next one.
    fn update_text(&mut self, bytes: &[u8]) {
        let mut canonical = Vec::with_capacity(bytes.len() + bytes.len() / 16 + 2);
        for run in bytes.split_inclusive(|byte| matches!(byte, b'\r' | b'\n')) {
            if self.ends.pending && run != b"\n" {
                canonical.push(b'\r');
                self.ends.lone = true;
            }
            self.ends.pending = false;
            match run.split_last() {
                Some((b'\n', line)) => {
                    canonical.extend_from_slice(line);
                    canonical.extend_from_slice(b"\r\n");
                }
                Some((b'\r', line)) => {
                    canonical.extend_from_slice(line);
                    self.ends.carriage_return = true;
                    self.ends.pending = true;
                }
                _ => canonical.extend_from_slice(run),
            }
        }
        for hash in self.running.iter_mut().filter(|hash| hash.kind.text) {
            hash.context.update(&canonical);
        }
    }

    pub(crate) fn line_ends(&self) -> LineEnds {
        LineEnds {
            lone: self.ends.lone || self.ends.pending,
            pending: false,
            ..self.ends
        }
    }

    /// The digest a signature signs: data and the signature's own trailer.
    pub(crate) fn digest(&self, signature: &Signature) -> Result<Vec<u8>, NoDigest> {
        use openpgp::crypto::hash::Hash;
        let kind = Kind::of(signature).ok_or(NoDigest::NotComputed)?;
        let running = self.running.iter().find(|hash| hash.kind == kind);
        let mut context = running.ok_or(NoDigest::NotComputed)?.context.clone();
        if kind.text && self.ends.pending {
            context.update(b"\r");
        }
        signature
            .hash(&mut context)
            .map_err(|_| NoDigest::NotComputed)?;
        // SHA-1 is computed with collision detection.
        context.into_digest().map_err(|_| NoDigest::Collision)
    }
}

impl Write for Hashes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of what a text signature covers, fed in these chunks.
    fn text<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, LineEnds) {
        let plan = HashPlan {
            kinds: vec![Kind {
                algorithm: HashAlgorithm::SHA256,
                text: true,
                version: 4,
                salt: Vec::new(),
            }],
        };
        let mut hashes = plan.start();
        for chunk in chunks {
            hashes.write_all(chunk).unwrap();
        }
        let ends = hashes.line_ends();
        let mut context = hashes.running.remove(0).context;
        if hashes.ends.pending {
            context.update(b"\r");
        }
        (context.into_digest().unwrap(), ends)
    }

    fn plain(bytes: &[u8]) -> Vec<u8> {
        let mut context = HashAlgorithm::SHA256.context().unwrap().for_digest();
        context.update(bytes);
        context.into_digest().unwrap()
    }

    #[test]
    fn line_ends_become_crlf() {
        for (data, canonical) in [
            ("", ""),
            ("a\nb", "a\r\nb"),
            ("a\r\nb\r\n", "a\r\nb\r\n"),
            ("\n\r\n\n", "\r\n\r\n\r\n"),
            ("a\rb", "a\rb"),
            ("a\r", "a\r"),
            ("a\r\r\nb", "a\r\r\nb"),
        ] {
            assert_eq!(
                text([data.as_bytes()]).0,
                plain(canonical.as_bytes()),
                "{data:?}"
            );
        }
    }

    #[test]
    fn line_ends_may_straddle_chunks() {
        let data = b"a\r\nb\n\r\r\nc\r";
        let whole = text([&data[..]]);
        assert_eq!(text(data.chunks(1)), whole);
        for at in 0..data.len() {
            let (one, two) = data.split_at(at);
            assert_eq!(text([one, two]), whole, "{at}");
            assert_eq!(text([one, b"", two]), whole, "{at}");
        }
    }

    #[test]
    fn carriage_returns_are_seen() {
        for (data, carriage_return, lone) in [
            ("a\n", false, false),
            ("a\r\n", true, false),
            ("a\rb", true, true),
            ("a\r\r\n", true, true),
            ("a\r", true, true),
        ] {
            let (_, ends) = text([data.as_bytes()]);
            assert_eq!(
                (ends.carriage_return, ends.lone),
                (carriage_return, lone),
                "{data:?}"
            );
        }
    }
}

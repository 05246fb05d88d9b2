//! The digests a package carries: computed in the one pass over it, compared at the end.

use pkgseal_repo::{Code, DigestAlgorithm, Digests, Finding, MultiHasher};

use super::pipeline::Sink;
use super::read::Head;
use super::structure::{Format, binary};
use crate::codes;
use crate::tag::{HeaderTag, Kind, SignatureTag};

/// Which digests are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of them.
    All,
    /// Not the MD5 of header and payload where better ones cover both, as rpm 6 does it.
    Enough,
}

/// Where a digest stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    Signature(SignatureTag),
    Main(HeaderTag),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Signature(tag) => tag.fmt(f),
            Self::Main(tag) => tag.fmt(f),
        }
    }
}

/// One digest from a header.
#[derive(Debug)]
struct Expected {
    place: Place,
    algorithm: DigestAlgorithm,
    digest: Digests,
}

/// A payload digest with its counterpart over the uncompressed payload.
#[derive(Debug)]
struct Group {
    primary: Option<Expected>,
    alternative: Option<Expected>,
}

impl Group {
    fn algorithm(&self) -> Option<DigestAlgorithm> {
        self.primary
            .as_ref()
            .or(self.alternative.as_ref())
            .map(|e| e.algorithm)
    }
}

/// Every digest check of one package.
pub(crate) struct DigestCheck {
    header: Vec<Expected>,
    whole: Option<Expected>,
    payload: Vec<Group>,
    size: Option<(SignatureTag, u64)>,
    findings: Vec<Finding>,
    main_length: u64,
    payload_length: u64,
    whole_hasher: Option<MultiHasher>,
    payload_hashers: Vec<(DigestAlgorithm, MultiHasher)>,
}

/// What the digests say.
#[derive(Debug, Default)]
pub(crate) struct DigestOutcome {
    /// Mismatches and malformed ones.
    pub(crate) findings: Vec<Finding>,
    /// Whether a digest of SHA-256 or better inside the main header binds the payload; if
    /// it does not hold, that is among the findings.
    pub(crate) payload_bound: bool,
    /// Whether a digest that holds covers the main header.
    pub(crate) header_covered: bool,
    /// Whether a digest that holds covers the payload.
    pub(crate) payload_covered: bool,
}

impl DigestCheck {
    /// Collects the digests of both headers and starts all hashes.
    pub(crate) fn start(head: &Head, format: Format) -> Self {
        Self::start_with(head, format, Wanted::All)
    }

    /// Collects the digests of both headers and starts the hashes that are wanted.
    pub(crate) fn start_with(head: &Head, format: Format, wanted: Wanted) -> Self {
        let mut check = Self {
            header: Vec::new(),
            whole: None,
            payload: Vec::new(),
            size: None,
            findings: Vec::new(),
            main_length: head.main().len() as u64,
            payload_length: 0,
            whole_hasher: None,
            payload_hashers: Vec::new(),
        };
        check.collect_signature_header(head, format);
        check.collect_main_header(head);
        if wanted == Wanted::Enough && check.binds_payload() && !check.header.is_empty() {
            check.whole = None;
        }
        if check.whole.is_some() {
            let mut hasher = MultiHasher::new([DigestAlgorithm::Md5]);
            hasher.update(head.main());
            check.whole_hasher = Some(hasher);
        }
        for group in &check.payload {
            if let Some(algorithm) = group.algorithm()
                && check.payload_hashers.iter().all(|(a, _)| *a != algorithm)
            {
                check
                    .payload_hashers
                    .push((algorithm, MultiHasher::new([algorithm])));
            }
        }
        check
    }

    fn collect_signature_header(&mut self, head: &Head, format: Format) {
        for (tag, algorithm) in [
            (SignatureTag::SHA1, DigestAlgorithm::Sha1),
            (SignatureTag::SHA256, DigestAlgorithm::Sha256),
            (SignatureTag::SHA3_256, DigestAlgorithm::Sha3_256),
        ] {
            let Some(entry) = head.signature_index.find(tag.0) else {
                continue;
            };
            let text = head.signature_index.string(head.signature(), tag.0);
            match text.filter(|_| entry.kind == Kind::String) {
                Some(hex) => {
                    let found = self.expected(Place::Signature(tag), algorithm, hex);
                    self.header.extend(found);
                }
                None => self.malformed(Place::Signature(tag), "not a string"),
            }
        }
        // Version 6 knows no other, and ignores every tag from 1000 on.
        if format == Format::V6 {
            return;
        }
        if let Some(md5) = binary(head, SignatureTag::MD5) {
            let mut digest = Digests::new();
            match digest.insert(DigestAlgorithm::Md5, md5) {
                Ok(()) => {
                    self.whole = Some(Expected {
                        place: Place::Signature(SignatureTag::MD5),
                        algorithm: DigestAlgorithm::Md5,
                        digest,
                    });
                }
                Err(reason) => self.malformed(Place::Signature(SignatureTag::MD5), &reason),
            }
        } else if head.signature_index.find(SignatureTag::MD5.0).is_some() {
            self.malformed(Place::Signature(SignatureTag::MD5), "not binary");
        }
        for tag in [SignatureTag::LONGSIZE, SignatureTag::SIZE] {
            if let Some(size) = head.signature_index.integer(head.signature(), tag.0) {
                self.size = Some((tag, size));
                break;
            }
        }
    }

    fn collect_main_header(&mut self, head: &Head) {
        let algorithm = match head
            .main_index
            .integer(head.main(), HeaderTag::PAYLOADSHA256ALGO.0)
        {
            None | Some(8) => Some(DigestAlgorithm::Sha256),
            Some(1) => Some(DigestAlgorithm::Md5),
            Some(2) => Some(DigestAlgorithm::Sha1),
            Some(9) => Some(DigestAlgorithm::Sha384),
            Some(10) => Some(DigestAlgorithm::Sha512),
            Some(11) => Some(DigestAlgorithm::Sha224),
            Some(12) => Some(DigestAlgorithm::Sha3_256),
            Some(other) => {
                self.malformed(
                    Place::Main(HeaderTag::PAYLOADSHA256ALGO),
                    &format!("unknown hash algorithm {other}"),
                );
                None
            }
        };
        for (algorithm, primary, alternative) in [
            (
                algorithm,
                HeaderTag::PAYLOADSHA256,
                HeaderTag::PAYLOADSHA256ALT,
            ),
            (
                Some(DigestAlgorithm::Sha512),
                HeaderTag::PAYLOADSHA512,
                HeaderTag::PAYLOADSHA512ALT,
            ),
            (
                Some(DigestAlgorithm::Sha3_256),
                HeaderTag::PAYLOADSHA3_256,
                HeaderTag::PAYLOADSHA3_256ALT,
            ),
        ] {
            let Some(algorithm) = algorithm else { continue };
            let primary = self.main_digest(head, primary, algorithm);
            let alternative = self.main_digest(head, alternative, algorithm);
            if primary.is_some() || alternative.is_some() {
                self.payload.push(Group {
                    primary,
                    alternative,
                });
            }
        }
    }

    fn main_digest(
        &mut self,
        head: &Head,
        tag: HeaderTag,
        algorithm: DigestAlgorithm,
    ) -> Option<Expected> {
        let entry = head.main_index.find(tag.0)?;
        if entry.count != 1 {
            self.malformed(Place::Main(tag), &format!("{} values", entry.count));
            return None;
        }
        let Some(hex) = head.main_index.string(head.main(), tag.0) else {
            self.malformed(Place::Main(tag), "not a string");
            return None;
        };
        self.expected(Place::Main(tag), algorithm, hex)
    }

    fn expected(
        &mut self,
        place: Place,
        algorithm: DigestAlgorithm,
        hex: &[u8],
    ) -> Option<Expected> {
        let mut digest = Digests::new();
        // Every builder writes lower case; another form is a change nothing would notice.
        if hex.iter().any(u8::is_ascii_uppercase) {
            self.findings.push(Finding::reject(
                codes::DIGEST_CASE,
                "",
                format!("{place}: upper-case hexadecimal"),
            ));
        }
        match digest.insert_hex(algorithm, &String::from_utf8_lossy(hex)) {
            Ok(()) => Some(Expected {
                place,
                algorithm,
                digest,
            }),
            Err(reason) => {
                self.malformed(place, &reason);
                None
            }
        }
    }

    fn malformed(&mut self, place: Place, reason: &str) {
        self.findings.push(Finding::reject(
            codes::DIGEST_MALFORMED,
            "",
            format!("{place}: {reason}"),
        ));
    }

    /// Whether the main header holds a digest of SHA-256 or better of the payload.
    pub(crate) fn binds_payload(&self) -> bool {
        self.payload
            .iter()
            .filter(|group| group.primary.is_some())
            .filter_map(Group::algorithm)
            .any(DigestAlgorithm::is_strong)
    }

    /// Feeds payload bytes.
    pub(crate) fn update(&mut self, chunk: &[u8]) {
        self.payload_length += chunk.len() as u64;
        self.sinks().iter_mut().for_each(|sink| sink(chunk));
    }

    /// What the payload has to be fed to, each on its own; [`Self::fed`] tells how much it
    /// was.
    pub(crate) fn sinks(&mut self) -> Vec<Sink<'_>> {
        let payload = self.payload_hashers.iter_mut().map(|(_, hasher)| hasher);
        payload
            .chain(&mut self.whole_hasher)
            .map(|hasher| Box::new(|chunk: &[u8]| hasher.update(chunk)) as Sink<'_>)
            .collect()
    }

    /// Notes the length of a payload that was fed to the sinks.
    pub(crate) fn fed(&mut self, length: u64) {
        self.payload_length += length;
    }

    /// Compares. The payload was fed to its end.
    pub(crate) fn finish(self, main: &[u8]) -> DigestOutcome {
        let bound = self.binds_payload();
        let mut findings = self.findings;
        let mut header = MultiHasher::new(self.header.iter().map(|e| e.algorithm));
        header.update(main);
        let header = header.finish();
        let mut header_covered = false;
        for expected in &self.header {
            if expected.digest.mismatch(&header).is_none() {
                header_covered = true;
            } else {
                findings.push(mismatch(
                    codes::HEADER_DIGEST,
                    expected,
                    &header,
                    "the main header",
                ));
            }
        }

        let actual: Vec<_> = self
            .payload_hashers
            .into_iter()
            .map(|(algorithm, hasher)| (algorithm, hasher.finish()))
            .collect();
        let mut payload_bound = bound;
        let mut payload_covered = false;
        let mut uncompressed = false;
        let empty = Digests::new();
        for group in &self.payload {
            let actual = group
                .algorithm()
                .and_then(|a| actual.iter().find(|(b, _)| a == *b))
                .map_or(&empty, |(_, digests)| digests);
            let holds = |e: &&Expected| e.digest.mismatch(actual).is_none();
            let strong = group.algorithm().is_some_and(DigestAlgorithm::is_strong);
            match (&group.primary, &group.alternative) {
                (Some(primary), _) if holds(&primary) => payload_covered = true,
                (primary, Some(alternative)) if holds(&alternative) => {
                    payload_bound |= strong;
                    payload_covered = true;
                    uncompressed = true;
                    if let Some(primary) = primary {
                        let mut finding =
                            mismatch(codes::PAYLOAD_DIGEST, primary, actual, "the payload");
                        finding.severity = pkgseal_repo::Severity::Warning;
                        finding.code = codes::PAYLOAD_UNCOMPRESSED;
                        finding.detail = format!(
                            "{}, but {} holds: the payload is stored uncompressed",
                            finding.detail, alternative.place
                        );
                        findings.push(finding);
                    }
                }
                (Some(primary), _) => findings.push(mismatch(
                    codes::PAYLOAD_DIGEST,
                    primary,
                    actual,
                    "the payload",
                )),
                // Without a primary digest a compressed payload has nothing to compare.
                (None, _) => {}
            }
        }

        // Size and MD5 were taken of the compressed form.
        let weigh = |finding: Finding| Finding {
            severity: if uncompressed {
                pkgseal_repo::Severity::Warning
            } else {
                finding.severity
            },
            ..finding
        };
        if let (Some(expected), Some(hasher)) = (&self.whole, self.whole_hasher) {
            let actual = hasher.finish();
            if expected.digest.mismatch(&actual).is_none() {
                header_covered = true;
                payload_covered = true;
            } else {
                let finding = mismatch(
                    codes::PAYLOAD_DIGEST,
                    expected,
                    &actual,
                    "main header and payload",
                );
                findings.push(weigh(finding));
            }
        }
        let length = self.main_length + self.payload_length;
        if let Some((tag, size)) = self.size
            && size != length
        {
            findings.push(weigh(Finding::reject(
                codes::SIZE,
                "",
                format!("main header and payload are {length} bytes, {tag} says {size}"),
            )));
        }
        DigestOutcome {
            findings,
            payload_bound,
            header_covered,
            payload_covered,
        }
    }
}

fn mismatch(code: Code, expected: &Expected, actual: &Digests, what: &str) -> Finding {
    Finding::reject(
        code,
        "",
        format!(
            "the {} digest of {what} is {}, {} says {}",
            expected.algorithm.name(),
            actual.hex(expected.algorithm).unwrap_or_default(),
            expected.place,
            expected.digest.hex(expected.algorithm).unwrap_or_default(),
        ),
    )
}

//! The signatures of a package, and which bytes each one vouches for.
//!
//! Two ranges matter: the main header, and the payload. A signature on the main header
//! vouches for the payload only through a digest inside that header. As soon as any
//! signature counts, both ranges must be covered, else the files inside could be swapped
//! under a good signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkgseal_openpgp::{
    Examination, Hashes, Mathematics, Object, ObjectSignatures, SignatureBlock, SignatureReport,
    Status, Verifier, codes as signature_codes,
};
use pkgseal_repo::{Finding, Limits, Severity, codes as repo_codes};

use super::level::Level;
use super::read::Head;
use super::slots::{legacy_tag, whole_tag};
use super::structure::{Format, binary};
use crate::codes;
use crate::tag::SignatureTag;

/// The signature blocks of a package, parsed but not judged.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    /// Tag 278.
    openpgp: Option<SignatureBlock>,
    /// Tags 267 and 268, but for copies of what tag 278 holds.
    legacy: Option<(String, SignatureBlock)>,
    /// Tags 1002 and 1005, on main header and payload.
    whole: Option<(String, SignatureBlock)>,
    /// Whether any signature tag is there at all.
    present: bool,
    findings: Vec<Finding>,
}

impl Signatures {
    /// Collects the signatures of a signature header.
    pub(crate) fn collect(head: &Head, format: Format, limits: &Limits) -> Self {
        let mut found = Self::default();
        let (packets, blocks) = found.openpgp_packets(head, limits);
        found.openpgp = SignatureBlock::together(blocks);
        let mut legacy = found.legacy_packets(head, [SignatureTag::RSA, SignatureTag::DSA], limits);
        legacy.retain(|(_, packet, _)| packets.iter().all(|p| p != packet));
        found.legacy = group(legacy);
        // Version 6 ignores them; that they are there is a finding already.
        if format == Format::V4 {
            let whole = found.legacy_packets(head, [SignatureTag::PGP, SignatureTag::GPG], limits);
            found.whole = group(whole);
        }
        found
    }

    /// The elements of tag 278 that are one signature each, as bytes and parsed.
    fn openpgp_packets(
        &mut self,
        head: &Head,
        limits: &Limits,
    ) -> (Vec<Vec<u8>>, Vec<SignatureBlock>) {
        let tag = SignatureTag::OPENPGP;
        let (mut packets, mut blocks) = (Vec::new(), Vec::new());
        let Some(elements) = head.signature_index.strings(head.signature(), tag.0) else {
            self.unreadable(head, tag);
            return (packets, blocks);
        };
        self.present = true;
        for (number, element) in elements.enumerate() {
            if number >= limits.signatures || element.len() as u64 > limits.signature {
                self.findings.push(Finding::reject(
                    repo_codes::LIMIT,
                    "",
                    format!(
                        "{tag}: more than {} signatures, or one too long",
                        limits.signatures
                    ),
                ));
                break;
            }
            match STANDARD.decode(element) {
                Err(e) => self.findings.push(Finding::reject(
                    codes::SIGNATURE_ENCODING,
                    "",
                    format!("{tag}, element {number}: not base64: {e}"),
                )),
                Ok(packet) => {
                    let place = || format!("{tag}, element {number}");
                    if let Some(block) = self.single(place, &packet) {
                        blocks.push(block);
                        packets.push(packet);
                    }
                }
            }
        }
        (packets, blocks)
    }

    /// A finding where a signature's tag is there in another type than the format gives it.
    fn unreadable(&mut self, head: &Head, tag: SignatureTag) {
        if let Some(entry) = head.signature_index.find(tag.0) {
            self.present = true;
            self.findings.push(Finding::reject(
                codes::SIGNATURE_ENCODING,
                "",
                format!("{tag} holds no signature but type {:?}", entry.kind),
            ));
        }
    }

    /// The one signature packet these bytes are; a finding when they are not.
    fn single(&mut self, place: impl Fn() -> String, packet: &[u8]) -> Option<SignatureBlock> {
        match SignatureBlock::parse_single_binary(packet) {
            Ok(block) => Some(block),
            Err(finding) => {
                self.findings.push(Finding {
                    detail: format!("{}: {}", place(), finding.detail),
                    ..finding
                });
                None
            }
        }
    }

    fn legacy_packets<'a>(
        &mut self,
        head: &'a Head,
        tags: [SignatureTag; 2],
        limits: &Limits,
    ) -> Vec<(SignatureTag, &'a [u8], SignatureBlock)> {
        let mut packets = Vec::new();
        for tag in tags {
            let Some(packet) = binary(head, tag) else {
                self.unreadable(head, tag);
                continue;
            };
            self.present = true;
            if packet.len() as u64 > limits.signature {
                self.findings.push(Finding::reject(
                    repo_codes::LIMIT,
                    "",
                    format!("{tag}: {} bytes for one signature", packet.len()),
                ));
                continue;
            }
            let Some(block) = self.single(|| tag.to_string(), packet) else {
                continue;
            };
            let fits = legacy_tag(packet).is_some_and(|t| t == tag || whole_tag(t) == tag);
            if !fits {
                let summary = block.summary();
                let (version, algorithm) = summary
                    .first()
                    .map_or((0, "unknown"), |(v, algorithm, _)| (*v, algorithm.as_str()));
                // rpm reads either algorithm in either tag, but no version 6 signature in
                // these.
                let severity = if version > 4 {
                    Severity::Reject
                } else {
                    Severity::Warning
                };
                self.findings.push(Finding::new(
                    codes::MISPLACED,
                    severity,
                    "",
                    format!("{tag} holds a version {version} signature by {algorithm}"),
                ));
            }
            packets.push((tag, packet, block));
        }
        packets
    }

    /// Starts the hashes of the signatures on the main header.
    pub(crate) fn header_hashes(&self, verifier: &Verifier) -> Hashes {
        let legacy = self.legacy.as_ref().map(|(_, block)| block);
        verifier.plan(self.openpgp.iter().chain(legacy)).start()
    }

    /// Starts the hashes of the signatures on main header and payload, if there are any.
    pub(crate) fn whole_hashes(&self, verifier: &Verifier) -> Option<Hashes> {
        let (_, block) = self.whole.as_ref()?;
        Some(verifier.plan([block]).start())
    }

    /// Judges every signature and whether those that count cover the whole package, as
    /// far as the level demands.
    pub(crate) fn judge(
        self,
        examination: &mut Examination,
        verifier: &Verifier,
        header: &Hashes,
        whole: Option<&Hashes>,
        payload_bound: bool,
        level: Level,
    ) {
        let judge = |block: &SignatureBlock, hashes: &Hashes| {
            verifier.hashed(Object::Package, block, hashes)
        };
        let mut on_header = Vec::new();
        if let Some(block) = &self.openpgp {
            on_header.push(("OPENPGP".to_owned(), judge(block, header)));
        }
        if let Some((name, block)) = &self.legacy {
            on_header.push((name.clone(), judge(block, header)));
        }
        let on_whole = match (&self.whole, whole) {
            (Some((name, block)), Some(hashes)) => Some((name.clone(), judge(block, hashes))),
            _ => None,
        };

        let accepted = |(_, report): &(String, SignatureReport)| report.is_accepted();
        let header_signed = on_header.iter().any(accepted);
        let whole_signed = on_whole.iter().any(accepted);
        let counted = header_signed || whole_signed;
        for (name, report) in on_header.into_iter().chain(on_whole) {
            add(examination, &name, report, counted, level);
        }

        let subject = examination.subject.clone();
        for finding in self.findings {
            examination.report.push(Finding {
                subject: subject.clone(),
                ..finding
            });
        }
        if !self.present {
            let severity = if level.demands_signatures() {
                Severity::Reject
            } else {
                Severity::Note
            };
            let detail = "the package carries no OpenPGP signature";
            examination.report.push(
                Finding::new(codes::UNSIGNED, severity, &subject, detail)
                    .hint("pkgseal sign --key KEY PACKAGE"),
            );
        } else if counted && !whole_signed && !payload_bound {
            examination.report.push(Finding::reject(
                codes::PAYLOAD_UNSIGNED,
                &subject,
                "the signature covers the header only, and no digest of SHA-256 or better in it binds the payload",
            ));
        }
    }
}

/// Signatures over the same bytes as one block, named by their tags.
fn group(packets: Vec<(SignatureTag, &[u8], SignatureBlock)>) -> Option<(String, SignatureBlock)> {
    let names: Vec<_> = packets.iter().filter_map(|(tag, ..)| tag.name()).collect();
    let name = names.join("+");
    let block = SignatureBlock::together(packets.into_iter().map(|(_, _, block)| block))?;
    Some((name, block))
}

/// Adds a report. Beside signatures that count, one that merely cannot be counted (no
/// certificate, an expired key) is listed with a note, as a reader would pick the others;
/// one that is wrong rejects all the same. So it is where no signature is asked for.
fn add(
    examination: &mut Examination,
    name: &str,
    report: SignatureReport,
    counted: bool,
    level: Level,
) {
    let object = format!("{} ({name})", examination.subject);
    let text = report.signatures.iter().find(|s| s.form != "binary");
    if let Some(signature) = text {
        examination.report.push(Finding::reject(
            codes::SIGNATURE_ENCODING,
            &object,
            format!(
                "a signature of the form {}, where packages are signed as binary documents",
                signature.form
            ),
        ));
    }
    // As rpm tells BAD from NOKEY: without the certificate, the first two bytes of the
    // digest still show that something else was signed.
    for signature in &report.signatures {
        if signature.mathematics == Mathematics::PrefixDiffers
            && let Some(reason) = &signature.reason
        {
            examination.report.push(Finding::reject(
                signature_codes::BAD,
                &object,
                reason.detail.clone(),
            ));
        }
    }
    let asked_for = level.demands_signatures() && !counted;
    if counted {
        let unsupported = report.signatures.iter();
        let unsupported = unsupported.filter(|s| s.status == Status::Unsupported);
        for reason in unsupported.filter_map(|s| s.reason.as_ref()) {
            examination.report.push(Finding::note(
                codes::SIGNATURE_UNSUPPORTED,
                &object,
                reason.detail.clone(),
            ));
        }
    }
    if report.is_accepted() || asked_for || wrong(&report) {
        examination.add_signatures(object, report);
        return;
    }
    let reasons: Vec<_> = report
        .signatures
        .iter()
        .filter_map(|s| s.reason.as_ref())
        .map(|f| f.detail.as_str())
        .collect();
    examination.report.push(Finding::note(
        codes::NOT_COUNTED,
        &object,
        reasons.join("; "),
    ));
    examination
        .signatures
        .push(ObjectSignatures { object, report });
}

/// Whether a signature is not merely unusable but contradicts the bytes, or is none.
fn wrong(report: &SignatureReport) -> bool {
    report.signatures.is_empty()
        || report.signatures.iter().any(|s| {
            matches!(s.mathematics, Mathematics::Bad | Mathematics::PrefixDiffers)
                || matches!(s.status, Status::Bad | Status::Malformed)
        })
}

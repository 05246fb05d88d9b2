//! Detached signatures: the grammar of the block, and damage to it.

use std::sync::LazyLock;

use pkgseal_openpgp::{
    Error, Object, Profile, SignatureBlock, SignatureReport, Status, Verdict, Verifier,
};
use pkgseal_testkit::keys::{self, RawOptions};
use pkgseal_testkit::tamper;

const DATA: &[u8] = b"hello\n";

fn verifier() -> Verifier {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
        Verifier::new(
            keys::certificates(&["good", "good-ed25519-2", "good-p256", "good-v6-ed25519"]),
            Profile::strict(),
            keys::time(keys::NOW),
        )
    });
    VERIFIER.clone()
}

fn judge(signature: impl AsRef<[u8]>) -> SignatureReport {
    verifier()
        .detached(Object::Artifact, DATA, signature.as_ref())
        .unwrap()
}

fn armored(name: &str) -> String {
    let options = RawOptions::at(keys::SIGNED);
    String::from_utf8(keys::raw_sign(&keys::load(name), DATA, &options)).unwrap()
}

fn binary(name: &str) -> Vec<u8> {
    keys::raw_sign(
        &keys::load(name),
        DATA,
        &RawOptions::at(keys::SIGNED).binary(),
    )
}

#[track_caller]
fn refuses(signature: impl AsRef<[u8]>, code: &str, words: &str) {
    let signature = signature.as_ref();
    let finding = SignatureBlock::parse(signature).expect_err("was parsed");
    assert_eq!(finding.code.id, code);
    assert!(finding.hint.is_some());
    assert!(
        finding.detail.contains(words),
        "{words}: {}",
        finding.detail
    );
    let report = judge(signature);
    assert!(report.signatures.is_empty());
    assert_eq!(
        report.verdict,
        Verdict::Rejected {
            reasons: vec![finding]
        }
    );
    let (sealed, _) = verifier()
        .detached_bytes(Object::Artifact, DATA.to_vec(), signature)
        .accept();
    assert!(sealed.is_none());
}

#[test]
fn an_accepting_verifier_seals_the_bytes() {
    let judged =
        verifier().detached_bytes(Object::Artifact, DATA.to_vec(), armored("good").as_bytes());
    let (sealed, report) = judged.accept();
    let sealed = sealed.expect("accepted");
    assert_eq!(sealed.get(), DATA);
    assert_eq!(sealed.signers(), report.accepted_signers().unwrap());
    let (sealed, report) = verifier()
        .detached_bytes(Object::Artifact, b"x".to_vec(), &binary("good"))
        .accept();
    assert!(sealed.is_none() && !report.is_accepted());
}

#[test]
fn no_signature_at_all() {
    // CVE-2006-0455: exit 0 without a signature.
    refuses("", "signature.none", "the signature file is empty");
    refuses("\n\n", "signature.malformed", "there is no signature in it");
    refuses(
        "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n",
        "signature.malformed",
        "there is no signature in it",
    );
}

#[test]
fn armored_or_binary_with_lf_or_crlf() {
    assert!(judge(armored("good")).is_accepted());
    assert!(judge(armored("good").replace('\n', "\r\n")).is_accepted());
    assert!(judge(armored("good").trim_end()).is_accepted());
    assert!(judge(format!("\n{}\n\n", armored("good"))).is_accepted());
    assert!(judge(binary("good")).is_accepted());
}

#[test]
fn several_armored_blocks_in_a_row() {
    let both = armored("good") + &armored("good-ed25519-2");
    let report = judge(&both);
    assert_eq!(report.accepted_signers().unwrap().len(), 2);
    let indices: Vec<_> = report.signatures.iter().map(|facts| facts.index).collect();
    assert_eq!(indices, [0, 1]);
}

#[test]
fn no_text_around() {
    let good = armored("good");
    refuses(
        format!("x\n{good}"),
        "signature.malformed",
        "line 1: text stands before",
    );
    refuses(
        format!(" {good}"),
        "signature.malformed",
        "line 1: text stands before",
    );
    refuses(
        format!("{good}x"),
        "signature.malformed",
        "text stands after the signature",
    );
    refuses(
        format!("{good}x\n{good}"),
        "signature.malformed",
        "text stands after the signature",
    );
    refuses(
        good.replace("PGP SIGNATURE", "PGP MESSAGE"),
        "signature.malformed",
        "another kind of OpenPGP block",
    );
    let certificate = keys::load("good");
    refuses(
        certificate.certificate(),
        "signature.malformed",
        "another kind of OpenPGP block",
    );
}

#[test]
fn packets_that_are_no_signatures() {
    let key = keys::load("good").certificate_binary();
    refuses(
        &key,
        "signature.malformed",
        "packet 6 at byte 0 is no signature",
    );
    let mut after = binary("good");
    after.extend(&key);
    refuses(&after, "signature.malformed", "is no signature");
    refuses(
        b"\xff",
        "signature.malformed",
        "no whole OpenPGP packet at byte 0",
    );
    // Lengths of unknown end: indeterminate, and partial.
    refuses(
        b"\x8b\x04",
        "signature.malformed",
        "no whole OpenPGP packet at byte 0",
    );
    refuses(
        b"\xc2\xe0\x04",
        "signature.malformed",
        "no whole OpenPGP packet at byte 0",
    );
}

#[test]
fn at_most_64_signatures() {
    let one = binary("good");
    assert!(judge(one.repeat(64)).is_accepted());
    refuses(
        one.repeat(65),
        "signature.malformed",
        "more than 64 signatures",
    );
}

#[test]
fn a_huge_signature_file() {
    refuses(
        vec![0x89; (1 << 20) + 1],
        "signature.malformed",
        "longer than 1048576 bytes",
    );
}

#[test]
fn one_bare_packet() {
    assert_eq!(
        SignatureBlock::parse_single_binary(&binary("good"))
            .unwrap()
            .len(),
        1
    );
    let two = binary("good").repeat(2);
    let refused = SignatureBlock::parse_single_binary(&two).unwrap_err();
    assert!(refused.detail.contains("2 signature packets where one"));
    assert!(SignatureBlock::parse_single_binary(armored("good").as_bytes()).is_err());
    assert_eq!(
        SignatureBlock::parse_single_binary(b"")
            .unwrap_err()
            .code
            .id,
        "signature.none"
    );
}

#[test]
fn a_version_nobody_knows_is_listed() {
    // Version 5, from a withdrawn draft, beside a good one and alone.
    let five = b"\xc2\x08\x05\x00\x16\x08\x00\x00\x00\x00";
    let mut block = binary("good");
    block.extend(five);
    let report = judge(&block);
    assert!(report.is_accepted());
    assert_eq!(report.signatures[1].status, Status::Unsupported);
    assert_eq!(report.signatures[1].version, 5);
    let report = judge(five);
    assert!(!report.is_accepted());
    assert!(report.findings("")[0].detail.contains("version 5"));
}

#[test]
fn a_broken_packet_rejects_even_beside_a_good_one() {
    let mut block = binary("good");
    block.extend(b"\xc2\x08\x04\x00\x16\x08\x00\x00\x00\x00");
    let report = judge(&block);
    assert!(!report.is_accepted());
    assert_eq!(report.signatures[1].status, Status::Malformed);
}

/// The packet with bytes after its last integer, its length adjusted.
#[test]
fn bytes_after_the_signature_inside_its_packet() {
    for name in ["good", "good-p256", "good-v6-ed25519"] {
        let mut packet = binary(name);
        packet[1] += 1;
        packet.push(0);
        let report = judge(&packet);
        assert!(!report.is_accepted(), "{name}: {report:?}");
    }
}

#[test]
fn an_algorithm_nobody_knows() {
    let mut packet = binary("good");
    assert_eq!(packet[4], 22);
    packet[4] = 99;
    let report = judge(&packet);
    assert_eq!(report.signatures[0].status, Status::Unsupported);
    let detail = &report.findings("")[0].detail;
    assert!(
        detail.contains("algorithm 99 is not supported here"),
        "{detail}"
    );
    let mut packet = binary("good");
    packet[5] = 99;
    let report = judge(&packet);
    assert_eq!(report.signatures[0].status, Status::Unsupported);
}

#[test]
fn summaries_name_the_algorithms() {
    let block = SignatureBlock::parse(&binary("good-v6-ed25519")).unwrap();
    assert_eq!(
        block.summary(),
        [(6, "Ed25519".to_owned(), "SHA-256".to_owned())]
    );
    assert!(!block.is_empty());
}

#[test]
fn unreadable_data_is_no_verdict() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let error = verifier()
        .detached(Object::Artifact, Broken, &binary("good"))
        .unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error}");
}

#[test]
fn several_blocks_on_one_object_are_judged_together() {
    let verifier = verifier();
    let report = |name: &str| {
        let block = SignatureBlock::parse(&binary(name)).unwrap();
        let mut hashes = verifier.plan([&block]).start();
        hashes.update(DATA);
        verifier.hashed(Object::Package, &block, &hashes)
    };
    let verdict = verifier.together(&[report("stranger"), report("good")]);
    assert!(matches!(verdict, Verdict::Accepted { signers } if signers.len() == 1));
    let alone = verifier.together(&[report("stranger")]);
    assert!(matches!(alone, Verdict::Rejected { .. }));
    // Nothing judged is nothing accepted.
    assert!(matches!(verifier.together(&[]), Verdict::Rejected { .. }));
}

#[test]
fn one_read_serves_several_blocks() {
    use std::io::Write;
    let verifier = verifier();
    let blocks: Vec<_> = ["good", "good-p256", "good-v6-ed25519"]
        .iter()
        .map(|name| SignatureBlock::parse(&binary(name)).unwrap())
        .collect();
    let mut hashes = verifier.plan(&blocks).start();
    for byte in DATA {
        hashes.write_all(&[*byte]).unwrap();
    }
    for block in &blocks {
        assert!(
            verifier
                .hashed(Object::Package, block, &hashes)
                .is_accepted()
        );
    }
    // A block nobody planned for is not good by default.
    let none = verifier.plan([]).start();
    let report = verifier.hashed(Object::Package, &blocks[0], &none);
    assert_eq!(report.signatures[0].status, Status::Unsupported);
}

/// Where a signature packet may change and still be the same signature: what nobody
/// signed. Returns the ranges, in bytes of the packet.
///
/// A version 4 packet by the test keys: two bytes of framing (old or new form of the same
/// tag and length), then the hashed part, then the unhashed area, which holds only the
/// key ID as a hint.
fn unsigned(packet: &[u8]) -> Vec<std::ops::Range<usize>> {
    let body = 2;
    let length = |at: usize, octets: usize| {
        packet[at..at + octets]
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let octets = if packet[body] == 6 { 4 } else { 2 };
    let hashed = body + 4 + octets + length(body + 4, octets);
    let unhashed = hashed + octets + length(hashed, octets);
    vec![0..body, hashed..unhashed]
}

#[test]
fn every_flip_of_a_binary_signature() {
    for name in ["good", "good-p256", "good-v6-ed25519"] {
        let packet = binary(name);
        let unsigned = unsigned(&packet);
        let mut accepted = 0;
        for at in 0..packet.len() {
            for bit in 0..8 {
                let mut damaged = packet.clone();
                damaged[at] ^= 1 << bit;
                if judge(&damaged).is_accepted() {
                    assert!(
                        unsigned.iter().any(|range| range.contains(&at)),
                        "{name}: byte {at}"
                    );
                    accepted += 1;
                }
            }
        }
        assert!(
            accepted <= 8 * 40,
            "{name}: {accepted} flips are not noticed"
        );
    }
}

#[test]
fn every_flip_of_an_armored_signature() {
    // Inside the armor every packet byte is under the checksum.
    let good = armored("good");
    for (at, damaged) in tamper::flips(good.as_bytes()) {
        assert!(!judge(&damaged).is_accepted(), "byte {at}");
    }
}

#[test]
fn every_cut_of_a_signature() {
    for name in ["good", "good-p256", "good-v6-ed25519"] {
        let packet = binary(name);
        for cut in tamper::cuts(&packet) {
            assert!(!judge(cut).is_accepted(), "{name}: {} bytes", cut.len());
        }
        let text = armored(name);
        for cut in tamper::cuts(text.trim_end().as_bytes()) {
            assert!(!judge(cut).is_accepted(), "{name}: {} bytes", cut.len());
        }
    }
}

#[test]
fn every_flip_of_the_data() {
    let signature = binary("good");
    for (at, damaged) in tamper::flips(DATA) {
        let report = verifier()
            .detached(Object::Artifact, &damaged[..], &signature)
            .unwrap();
        assert_eq!(report.signatures[0].status, Status::Bad, "byte {at}");
    }
    for cut in tamper::cuts(DATA) {
        let report = verifier()
            .detached(Object::Artifact, cut, &signature)
            .unwrap();
        assert_eq!(report.signatures[0].status, Status::Bad);
    }
}

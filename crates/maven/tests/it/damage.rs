//! Every byte flipped, every length cut.

use pkgseal_maven::artifact;
use pkgseal_openpgp::{Armor, Signer};
use pkgseal_repo::{Destination, Limits, Outcome};
use pkgseal_testkit::{keys, tamper};

use crate::{folder, plus, verifier};

const CONTENT: &[u8] = b"the content of an artifact\n";

/// A small signed file, and a closure that says whether a damaged pair is accepted.
fn signed(name: &str) -> (Vec<u8>, impl Fn(&[u8], &[u8]) -> bool) {
    let time = keys::time(keys::SIGNED);
    let (dir, path) = folder("lib-1.0.jar", CONTENT);
    let signers = [keys::signer(name, time)];
    let limits = Limits::default();
    artifact::sign(&path, &signers, time, &Destination::Beside, &limits).unwrap();
    let asc = std::fs::read(plus(&path, ".asc")).unwrap();
    let verifier = verifier(&[name]);
    let accepted = move |content: &[u8], asc: &[u8]| {
        let _ = &dir;
        std::fs::write(&path, content).unwrap();
        std::fs::write(plus(&path, ".asc"), asc).unwrap();
        let examination = artifact::verify(&path, &verifier, &Limits::default()).unwrap();
        examination.outcome() == Outcome::Accepted
    };
    assert!(accepted(CONTENT, &asc));
    (asc, accepted)
}

#[test]
fn no_damaged_content_is_accepted() {
    for name in ["good", "good-rsa2048", "good-v6-ed25519"] {
        let (asc, accepted) = signed(name);
        for (at, damaged) in tamper::flips(CONTENT) {
            assert!(!accepted(&damaged, &asc), "{name}: flipped at {at}");
        }
        for cut in tamper::cuts(CONTENT) {
            assert!(!accepted(cut, &asc), "{name}: cut at {}", cut.len());
        }
        assert!(!accepted(&[CONTENT, b"\n"].concat(), &asc));
        assert!(!accepted(&[b"\n", CONTENT].concat(), &asc));
    }
}

#[test]
fn no_damaged_armor_is_accepted() {
    for name in ["good", "good-v6-ed25519"] {
        let (asc, accepted) = signed(name);
        for cut in tamper::cuts(&asc) {
            // Without the final line end it is the same block.
            let whole = cut.len() == asc.len() - 1;
            let length = cut.len();
            assert!(!accepted(CONTENT, cut) || whole, "{name}: cut at {length}");
        }
        // The checksum line catches what the signature itself does not cover.
        for (at, damaged) in tamper::flips(&asc) {
            assert!(!accepted(CONTENT, &damaged), "{name}: flipped at {at}");
        }
    }
}

#[test]
fn no_damaged_packet_is_accepted_but_for_the_unhashed_issuer() {
    for name in ["good", "good-rsa2048", "good-v6-ed25519"] {
        let (_, accepted) = signed(name);
        let time = keys::time(keys::SIGNED);
        let signers = [keys::signer(name, time)];
        let packet = Signer::detached(&signers, CONTENT, Armor::Binary, time).unwrap();
        assert!(accepted(CONTENT, &packet));
        for cut in tamper::cuts(&packet) {
            assert!(!accepted(CONTENT, cut), "{name}: cut at {}", cut.len());
        }
        // The key ID of a v4 signature stands in its unhashed area (RFC 9580, 5.2.3.1): a
        // hint for older clients. The issuer fingerprint is hashed.
        let issuer = &keys::load(name).signing_fingerprint()[24..];
        let id = (0..8).map(|n| u8::from_str_radix(&issuer[2 * n..2 * n + 2], 16).unwrap());
        let unhashed: Vec<u8> = [9, 16].into_iter().chain(id).collect();
        let start = packet
            .windows(10)
            .position(|window| window == unhashed)
            .map_or(0..0, |start| start..start + 10);
        for (at, damaged) in tamper::flips(&packet) {
            assert!(
                !accepted(CONTENT, &damaged) || start.contains(&at),
                "{name}: flipped at {at}, unhashed are {start:?}"
            );
        }
    }
}

use openpgp::crypto::mpi::{MPI, PublicKey, Signature};
use openpgp::packet::Key;
use openpgp::packet::key::Key4;
use openpgp::types::{Curve, HashAlgorithm, PublicKeyAlgorithm};
use sequoia_openpgp as openpgp;

use super::{Form, Public, cut, digest_info, element, kind, signature, trimmed};

fn key(algorithm: PublicKeyAlgorithm, numbers: PublicKey) -> Public {
    let made = std::time::UNIX_EPOCH;
    Key::V4(Key4::new(made, algorithm, numbers).unwrap())
}

fn rsa() -> Public {
    let (e, n) = (MPI::new(&[1, 0, 1]), MPI::new(&[0xc0; 256]));
    key(PublicKeyAlgorithm::RSAEncryptSign, PublicKey::RSA { e, n })
}

fn ecdsa(curve: Curve, length: usize) -> Public {
    let q = MPI::new(&[&[4], vec![1; 2 * length].as_slice()].concat());
    key(PublicKeyAlgorithm::ECDSA, PublicKey::ECDSA { curve, q })
}

fn eddsa() -> Public {
    let (curve, q) = (
        Curve::Ed25519,
        MPI::new(&[&[0x40], [1; 32].as_slice()].concat()),
    );
    key(PublicKeyAlgorithm::EdDSA, PublicKey::EdDSA { curve, q })
}

fn refused(key: &Public, form: Form, bytes: &[u8]) -> String {
    signature(key, form, bytes).unwrap_err()
}

#[test]
fn raw_signatures_of_each_kind() {
    let Ok(Signature::RSA { s }) = signature(&rsa(), Form::Raw, &[7; 256]) else {
        panic!("no RSA");
    };
    assert_eq!(s.value(), [7; 256]);
    for (curve, length) in [
        (Curve::NistP256, 32),
        (Curve::NistP384, 48),
        (Curve::NistP521, 66),
    ] {
        let bytes = [vec![1; length], vec![2; length]].concat();
        let Ok(Signature::ECDSA { r, s }) = signature(&ecdsa(curve, length), Form::Raw, &bytes)
        else {
            panic!("no ECDSA");
        };
        assert_eq!(
            (r.value(), s.value()),
            (&*vec![1; length], &*vec![2; length])
        );
    }
    let bytes = [[1; 32], [2; 32]].concat();
    let Ok(Signature::EdDSA { r, s }) = signature(&eddsa(), Form::Raw, &bytes) else {
        panic!("no EdDSA");
    };
    assert_eq!(
        (r.value(), s.value()),
        ([1; 32].as_slice(), [2; 32].as_slice())
    );
}

#[test]
fn leading_zeros_of_an_rsa_block_are_no_part_of_the_number() {
    let mut bytes = [7; 256];
    bytes[..2].fill(0);
    let Ok(Signature::RSA { s }) = signature(&rsa(), Form::Raw, &bytes) else {
        panic!("no RSA");
    };
    assert_eq!(s.value(), [7; 254]);
}

#[test]
fn signatures_of_another_length_are_refused() {
    for length in [0, 1, 255, 257, 512] {
        let words = refused(&rsa(), Form::Raw, &vec![7; length]);
        assert!(words.contains("256 are right"), "{words}");
    }
    let p256 = ecdsa(Curve::NistP256, 32);
    for length in [0, 32, 63, 65, 72, 96] {
        let words = refused(&p256, Form::Raw, &vec![7; length]);
        assert!(words.contains("64 are right"), "{words}");
    }
    for length in [0, 32, 63, 65, 114] {
        let words = refused(&eddsa(), Form::Raw, &vec![7; length]);
        assert!(words.contains("64 are right"), "{words}");
    }
    assert!(refused(&p256, Form::Raw, &[0; 64]).contains("zero"));
    assert!(refused(&rsa(), Form::Der, &[7; 256]).contains("only signatures of ECDSA"));
    assert!(refused(&eddsa(), Form::Der, &[7; 64]).contains("only signatures of ECDSA"));
}

#[test]
fn der_as_services_write_it() {
    let p256 = ecdsa(Curve::NistP256, 32);
    let Ok(Signature::ECDSA { r, s }) =
        signature(&p256, Form::Der, &[0x30, 7, 2, 2, 0, 0x80, 2, 1, 5])
    else {
        panic!("no ECDSA");
    };
    assert_eq!((r.value(), s.value()), ([0x80].as_slice(), [5].as_slice()));
    // Long form of a length, as P-521 has it.
    let number = [[2, 66, 1].as_slice(), &[9; 65]].concat();
    let body = [number.clone(), number].concat();
    let whole = [&[0x30, 0x81, 136], body.as_slice()].concat();
    let p521 = ecdsa(Curve::NistP521, 66);
    assert!(signature(&p521, Form::Der, &whole).is_ok());
    // Too large for a smaller curve.
    assert!(refused(&p256, Form::Der, &whole).contains("larger than its curve"));
}

#[test]
fn der_that_is_none_is_refused() {
    let p256 = ecdsa(Curve::NistP256, 32);
    for bytes in [
        &[][..],
        &[0x30],
        &[0x30, 0],
        &[0x30, 6, 2, 1, 5, 2, 1],
        // Another tag, another order, a number more, a number less.
        &[0x31, 6, 2, 1, 5, 2, 1, 5],
        &[0x30, 6, 3, 1, 5, 2, 1, 5],
        &[0x30, 9, 2, 1, 5, 2, 1, 5, 2, 1, 5],
        &[0x30, 3, 2, 1, 5],
        // Something behind it.
        &[0x30, 6, 2, 1, 5, 2, 1, 5, 0],
        // Negative, empty, padded.
        &[0x30, 6, 2, 1, 0x80, 2, 1, 5],
        &[0x30, 5, 2, 0, 2, 1, 5],
        &[0x30, 7, 2, 2, 0, 5, 2, 1, 5],
        // Zero.
        &[0x30, 6, 2, 1, 0, 2, 1, 5],
        // Lengths that are not the shortest, indefinite or huge.
        &[0x30, 0x81, 6, 2, 1, 5, 2, 1, 5],
        &[0x30, 0x82, 0, 6, 2, 1, 5, 2, 1, 5],
        &[0x30, 0x80, 2, 1, 5, 2, 1, 5, 0, 0],
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    ] {
        let words = refused(&p256, Form::Der, bytes);
        assert!(words.contains("no DER sequence"), "{bytes:x?}: {words}");
    }
}

#[test]
fn any_bytes_are_read_without_panic() {
    let keys = [rsa(), ecdsa(Curve::NistP256, 32), eddsa()];
    let mut bytes: Vec<u8> = vec![0x30, 0x82, 1, 2, 2, 0x81, 0x80, 0xff, 4, 0x84];
    for round in 0..2000_usize {
        let at = round * 7 % bytes.len();
        bytes[at] = bytes[at].wrapping_mul(31).wrapping_add(17);
        for key in &keys {
            for form in [Form::Raw, Form::Der] {
                let _ = signature(key, form, &bytes);
            }
        }
        let _ = element(bytes[0], &bytes[1..]);
    }
}

#[test]
fn keys_that_nobody_else_signs_with_are_told() {
    let bitcoin = key(
        PublicKeyAlgorithm::ECDSA,
        PublicKey::ECDSA {
            curve: Curve::BrainpoolP256,
            q: MPI::new(&[4; 65]),
        },
    );
    assert!(kind(&bitcoin).err().unwrap().contains("rainpool"));
    let damaged = key(
        PublicKeyAlgorithm::EdDSA,
        PublicKey::EdDSA {
            curve: Curve::Ed25519,
            q: MPI::new(&[0x40; 32]),
        },
    );
    assert!(kind(&damaged).err().unwrap().contains("damaged"));
}

#[test]
fn digests_as_they_are_signed() {
    let info = digest_info(HashAlgorithm::SHA256, &[7; 32]).unwrap();
    assert_eq!(info.len(), 51);
    assert!(info.starts_with(&[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86]));
    assert!(info.ends_with(&[4, 32, 7, 7]) || info.ends_with(&[7; 32]));
    assert_eq!(cut(&[7; 64], 32), [7; 32]);
    assert_eq!(cut(&[7; 32], 66), [7; 32]);
    assert_eq!(trimmed(&[0, 0, 1, 0]), [1, 0]);
    assert_eq!(trimmed(&[0]), [0_u8; 0]);
}

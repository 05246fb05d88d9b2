//! The agent's signatures: canonical S-expressions.

use openpgp::crypto::mpi::{self, PublicKey};
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use sequoia_openpgp as openpgp;

/// Lists within lists, and items of one.
const DEPTH: usize = 6;
const ITEMS: usize = 16;

enum Expression<'a> {
    Atom(&'a [u8]),
    List(Vec<Self>),
}

impl Expression<'_> {
    fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Atom(_) => &[],
        }
    }

    fn atom(&self) -> Option<&[u8]> {
        match self {
            Self::Atom(octets) => Some(octets),
            Self::List(_) => None,
        }
    }

    /// The list within this one that begins with the word.
    fn named(&self, word: &str) -> Option<&Self> {
        self.list()
            .iter()
            .find(|item| item.head() == Some(word.as_bytes()))
    }

    fn head(&self) -> Option<&[u8]> {
        self.list().first()?.atom()
    }

    /// The value of `(word value)` within this list.
    fn value(&self, word: &str) -> Option<&[u8]> {
        match self.named(word)?.list() {
            [_, value] => value.atom(),
            _ => None,
        }
    }
}

/// Reads `(sig-val (rsa (s …)))`, `(sig-val (ecdsa (r …) (s …)))` and the like as a
/// signature of this key; none when it is anything else.
pub(super) fn read(text: &[u8], key: &Key<PublicParts, UnspecifiedRole>) -> Option<mpi::Signature> {
    let (whole, rest) = expression(text, DEPTH)?;
    if !rest.is_empty() || whole.head() != Some(b"sig-val") {
        return None;
    }
    Some(match key.mpis() {
        PublicKey::RSA { .. } => mpi::Signature::RSA {
            s: mpi::MPI::new(whole.named("rsa")?.value("s")?),
        },
        PublicKey::ECDSA { .. } => {
            let numbers = whole.named("ecdsa")?;
            mpi::Signature::ECDSA {
                r: mpi::MPI::new(numbers.value("r")?),
                s: mpi::MPI::new(numbers.value("s")?),
            }
        }
        PublicKey::EdDSA { .. } => {
            let numbers = whole.named("eddsa")?;
            mpi::Signature::EdDSA {
                r: mpi::MPI::new(numbers.value("r")?),
                s: mpi::MPI::new(numbers.value("s")?),
            }
        }
        PublicKey::Ed25519 { .. } => {
            let numbers = whole.named("eddsa")?;
            let mut joined = Box::new([0; 64]);
            let (r, s) = joined.split_at_mut_checked(32)?;
            place(numbers.value("r")?, r)?;
            place(numbers.value("s")?, s)?;
            mpi::Signature::Ed25519 { s: joined }
        }
        _ => return None,
    })
}

/// Puts octets at the end of a place that is wide enough.
fn place(octets: &[u8], into: &mut [u8]) -> Option<()> {
    let start = into.len().checked_sub(octets.len())?;
    into.get_mut(start..)?.copy_from_slice(octets);
    Some(())
}

fn expression(text: &[u8], depth: usize) -> Option<(Expression<'_>, &[u8])> {
    match text.split_first()? {
        (b'(', mut rest) => {
            let depth = depth.checked_sub(1)?;
            let mut items = Vec::new();
            loop {
                if let Some((b')', after)) = rest.split_first() {
                    return Some((Expression::List(items), after));
                }
                if items.len() == ITEMS {
                    return None;
                }
                let (item, after) = expression(rest, depth)?;
                items.push(item);
                rest = after;
            }
        }
        _ => {
            let colon = text.iter().take(6).position(|octet| *octet == b':')?;
            let (digits, rest) = text.split_at_checked(colon)?;
            if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
            let (octets, rest) = rest.get(1..)?.split_at_checked(length)?;
            Some((Expression::Atom(octets), rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use openpgp::parse::Parse as _;
    use pkgseal_testkit::keys;

    use super::*;

    fn key(name: &str) -> Key<PublicParts, UnspecifiedRole> {
        let cert = openpgp::Cert::from_bytes(keys::load(name).certificate()).unwrap();
        cert.primary_key().key().clone().role_into_unspecified()
    }

    #[test]
    fn each_algorithm_reads_its_own() {
        let ed25519 = b"(7:sig-val(5:eddsa(1:r2:\x01\x02)(1:s1:\x03)))";
        match read(ed25519, &key("good")).unwrap() {
            mpi::Signature::EdDSA { r, s } => {
                assert_eq!((r.value(), s.value()), (&[1, 2][..], &[3][..]));
            }
            other => panic!("{other:?}"),
        }
        match read(ed25519, &key("good-v6-ed25519")).unwrap() {
            mpi::Signature::Ed25519 { s } => {
                assert_eq!(s.get(29..33), Some(&[0, 1, 2, 0][..]));
                assert_eq!(s.last(), Some(&3));
            }
            other => panic!("{other:?}"),
        }
        assert!(read(ed25519, &key("good-rsa4096")).is_none());
        let rsa = b"(7:sig-val(3:rsa(1:s3:\x00ab))(4:hash6:sha256))";
        assert!(read(rsa, &key("good-rsa4096")).is_some());
        assert!(read(rsa, &key("good")).is_none());
    }

    #[test]
    fn anything_else_is_refused() {
        let key = key("good-v6-ed25519");
        let deep = [&b"(".repeat(100)[..], &b")".repeat(100)[..]].concat();
        let wide = [&b"("[..], &b"1:a".repeat(100)[..], b")"].concat();
        for text in [
            &b""[..],
            b"(",
            b")",
            b"7:sig-val",
            b"(7:sig-val)",
            b"(7:sig-val(5:eddsa))",
            b"(7:sig-val(5:eddsa(1:r1:a)))",
            b"(7:sig-val(5:eddsa(1:r)(1:s1:a)))",
            b"(7:sig-val(5:eddsa(1:r1:a)(1:s1:a)))x",
            b"(7:sig-val(5:eddsa(1:r1:a)(1:s1:a))",
            b"(7:sig-val(5:eddsa(1:r9:a)(1:s1:a)))",
            b"(7:sig-val(5:eddsa(1:r-1:a)(1:s1:a)))",
            b"(7:sig-val(5:eddsa(1:r:a)(1:s1:a)))",
            b"(7:sig-val(5:eddsa(1:r33:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)(1:s1:a)))",
            b"(7:enc-val(5:eddsa(1:r1:a)(1:s1:a)))",
            b"(7:sig-val(5:eddsa(1:r99999999999999999999:a)(1:s1:a)))",
            &deep,
            &wide,
        ] {
            assert!(read(text, &key).is_none(), "{}", text.escape_ascii());
        }
    }
}

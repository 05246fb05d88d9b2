//! Versions: taken apart, and compared as rpm compares them.

use std::cmp::Ordering;

/// Epoch, version and release of a dependency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Evr<'a> {
    pub(super) epoch: &'a [u8],
    pub(super) version: &'a [u8],
    pub(super) release: &'a [u8],
}

impl<'a> Evr<'a> {
    /// Takes `[EPOCH:]VERSION[-RELEASE]` apart; `None` when what stands before the first
    /// colon is no number.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let (epoch, rest) = match text.iter().position(|&b| b == b':') {
            None => (&b"0"[..], text),
            Some(at) => {
                let (epoch, rest) = text.split_at_checked(at)?;
                let epoch = match epoch {
                    [] => b"0",
                    digits if digits.iter().all(u8::is_ascii_digit) => digits,
                    _ => return None,
                };
                (epoch, rest.get(1..)?)
            }
        };
        let (version, release) = match rest.iter().position(|&b| b == b'-') {
            None => (rest, &[][..]),
            Some(at) => {
                let (version, release) = rest.split_at_checked(at)?;
                (version, release.get(1..)?)
            }
        };
        Some(Self {
            epoch,
            version,
            release,
        })
    }
}

/// Compares two versions segment by segment (`rpmvercmp`): runs of digits by value, runs of
/// letters as text, `~` before everything, `^` after the end and before everything else.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        a = skip(a);
        b = skip(b);
        match (a.first(), b.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                a = a.get(1..).unwrap_or_default();
                b = b.get(1..).unwrap_or_default();
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (Some(b'^'), None) => return Ordering::Greater,
            (None, Some(b'^')) => return Ordering::Less,
            (Some(b'^'), _) => return Ordering::Less,
            (_, Some(b'^')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(first), Some(_)) => {
                let digits = first.is_ascii_digit();
                let (one, rest_a) = segment(a, digits);
                let (other, rest_b) = segment(b, digits);
                if other.is_empty() {
                    // A number is newer than letters.
                    return if digits {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    };
                }
                let order = if digits {
                    let (one, other) = (significant(one), significant(other));
                    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
                } else {
                    one.cmp(other)
                };
                if order != Ordering::Equal {
                    return order;
                }
                a = rest_a;
                b = rest_b;
            }
        }
    }
}

fn skip(text: &[u8]) -> &[u8] {
    let counts = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'~' | b'^');
    let at = text.iter().position(counts).unwrap_or(text.len());
    text.get(at..).unwrap_or_default()
}

fn segment(text: &[u8], digits: bool) -> (&[u8], &[u8]) {
    let inside = |b: &u8| {
        if digits {
            b.is_ascii_digit()
        } else {
            b.is_ascii_alphabetic()
        }
    };
    let end = text.iter().position(|b| !inside(b)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or_default()
}

fn significant(digits: &[u8]) -> &[u8] {
    let at = digits.iter().position(|&b| b != b'0');
    at.and_then(|at| digits.get(at..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_in_rpm() {
        // From rpm's own documentation of version comparison.
        for (a, b, order) in [
            ("1.0", "1.0", Ordering::Equal),
            ("1.0", "2.0", Ordering::Less),
            ("2.0.1a", "2.0.1", Ordering::Greater),
            ("5.5p1", "5.5p10", Ordering::Less),
            ("10xyz", "10.1xyz", Ordering::Less),
            ("xyz10", "xyz10.1", Ordering::Less),
            ("xyz.4", "8", Ordering::Less),
            ("5.6.0", "5.6.0_", Ordering::Equal),
            ("10.0001", "10.1", Ordering::Equal),
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1.0~rc1~git1", "1.0~rc1", Ordering::Less),
            ("1.0^", "1.0", Ordering::Greater),
            ("1.0^git1", "1.01", Ordering::Less),
            ("1.0~rc1^git1", "1.0~rc1", Ordering::Greater),
            ("GLIBC_2.4", "GLIBC_2.34", Ordering::Less),
        ] {
            assert_eq!(compare(a.as_bytes(), b.as_bytes()), order, "{a} {b}");
            assert_eq!(
                compare(b.as_bytes(), a.as_bytes()),
                order.reverse(),
                "{b} {a}"
            );
        }
    }

    #[test]
    fn versions_of_dependencies_come_apart() {
        let evr = |epoch, version, release| {
            let bytes = |text: &'static str| text.as_bytes();
            Some(Evr {
                epoch: bytes(epoch),
                version: bytes(version),
                release: bytes(release),
            })
        };
        for (text, expected) in [
            ("", evr("", "", "")),
            ("1.0", evr("0", "1.0", "")),
            ("1.0-2", evr("0", "1.0", "2")),
            ("3:1.0-2-4", evr("3", "1.0", "2-4")),
            (":1", evr("0", "1", "")),
            ("1-", evr("0", "1", "")),
            ("a:1", None),
            ("1.0:1", None),
        ] {
            assert_eq!(Evr::parse(text.as_bytes()), expected, "{text:?}");
        }
    }
}
